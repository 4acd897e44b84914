"""Fill in a form as it stands on a page, and refuse to send what a browser could not."""

from dataclasses import dataclass

from bs4 import BeautifulSoup, Tag

BUTTONS = {"submit", "image"}
Filling = str | int | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Filled:
    """What the browser would send."""

    action: str
    method: str
    data: dict[str, list[str]]


def fill(
    soup: BeautifulSoup, selector: str, button: str | None, fields: dict[str, Filling]
) -> Filled:
    """Fill `fields` into the first form that fits and has them."""
    form = _choose(soup, selector, button, fields)
    data: dict[str, list[str]] = {}
    for name, tags in _controls(form).items():
        kept = [value for tag in tags for value in _as_it_stands(tag)]
        values = _fit(tags, fields[name]) if name in fields else kept
        if values:
            data[name] = values
    pressed = _button(form, button)
    if pressed is not None and pressed.get("name"):
        data[str(pressed["name"])] = [str(pressed.get("value", ""))]
    action = (pressed.get("formaction") if pressed else None) or form.get("action") or ""
    return Filled(str(action), str(form.get("method", "get")).lower(), data)


def _choose(
    soup: BeautifulSoup, selector: str, button: str | None, fields: dict[str, Filling]
) -> Tag:
    forms = soup.select(selector)
    assert forms, f"no form fits {selector!r}"
    for form in forms:
        has_button = button is None or _button(form, button) is not None
        if has_button and fields.keys() <= _controls(form).keys():
            return form
    on_page = [(list(_controls(form)), [_says(tag) for tag in _buttons(form)]) for form in forms]
    msg = f"no form {selector!r} has {list(fields)} and the button {button!r}; here is {on_page}"
    raise AssertionError(msg)


def _controls(form: Tag) -> dict[str, list[Tag]]:
    found: dict[str, list[Tag]] = {}
    for tag in form.select("input[name], select[name], textarea[name]"):
        if tag.get("type") not in BUTTONS and not tag.has_attr("disabled"):
            found.setdefault(str(tag["name"]), []).append(tag)
    return found


def _as_it_stands(tag: Tag) -> list[str]:
    if tag.name == "textarea":
        return [tag.get_text().removeprefix("\n")]
    if tag.name == "select":
        options = tag.select("option")
        chosen = [option for option in options if option.has_attr("selected")]
        if not chosen and not tag.has_attr("multiple"):
            chosen = options[:1]
        return [_value(option) for option in chosen]
    if tag.get("type") in {"checkbox", "radio"} and not tag.has_attr("checked"):
        return []
    return [str(tag.get("value", "on" if tag.get("type") in {"checkbox", "radio"} else ""))]


def _fit(tags: list[Tag], filling: Filling) -> list[str]:
    """Turn what a test fills in into what these controls can send."""
    first = tags[0]
    kind = str(first.get("type", first.name))
    if kind in {"checkbox", "radio"} and isinstance(filling, bool):
        assert len(tags) == 1, f"say which of {first['name']}"
        return [str(first.get("value", "on"))] if filling else []
    wanted = [] if filling is None else filling if isinstance(filling, list) else [str(filling)]
    if kind in {"checkbox", "radio"}:
        offered = [str(tag.get("value", "on")) for tag in tags]
    elif first.name == "select":
        offered = [_value(option) for tag in tags for option in tag.select("option")]
    else:
        return wanted
    unknown = set(wanted) - set(offered)
    assert not unknown, f"{first['name']} offers {offered}, not {sorted(unknown)}"
    assert len(wanted) <= 1 or kind == "checkbox" or first.has_attr("multiple")
    return wanted


def _value(option: Tag) -> str:
    return str(option.get("value", option.get_text()))


def _buttons(form: Tag) -> list[Tag]:
    return form.select("button:not([type=button]), input[type=submit]")


def _button(form: Tag, says: str | None) -> Tag | None:
    for tag in _buttons(form):
        if says is None or says in _says(tag):
            return tag
    return None


def _says(tag: Tag) -> str:
    return " ".join((tag.get_text() or str(tag.get("value", ""))).split())
