"""The directory of groups: on a page, on paper, and as files for other programs."""

from collections.abc import Mapping
from typing import Any

from flask import Response, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.db import db
from timebank.groups import names, queries
from timebank.groups.models import SECTORS
from timebank.groups.queries import Entry, Wanted
from timebank.groups.views.frame import bp
from timebank.listings.models import SUPPORTS, TRANSITIONS, WEEKDAYS
from timebank.listings.names import DAYS
from timebank.listings.names import SUPPORTS as SUPPORT_NAMES
from timebank.listings.names import TRANSITIONS as TRANSITION_NAMES
from timebank.web.access import Access, access
from timebank.web.fields import one_line
from timebank.web.filters import today
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.sheet import sheet
from timebank.web.words import gettext as _

SEARCH_LENGTH_MAX = 100
AREA_LENGTH_MAX = 60


@bp.get("/groups")
@access(Access.ANYONE)
def directory() -> ResponseReturnValue:
    """List the groups; people who are not members see the public ones."""
    session, asked = db.session(), _asked()
    wanted = _wanted(asked)
    found = queries.entries(
        session,
        g.community.id,
        wanted,
        only_public=not _is_member(),
        after=key_of(request.args.get("after")),
        limit=PAGE_SIZE + 1,
    )
    paged = cut(found, [entry.group.id for entry in found])
    filters = {name: value for name, value in asked.items() if value}
    choices = _choices()
    return render_template(
        "groups/directory.html",
        cards=[card(entry) for entry in paged.rows],
        mine=_mine() if not wanted.is_narrow and not request.args.get("after") else [],
        asked=asked,
        choices=choices,
        narrowed=_narrowed(asked, choices),
        filters=filters,
        later=paged.after and _address("groups.directory", filters | {"after": paged.after}),
    )


def _address(endpoint: str, asked: Mapping[str, str]) -> str:
    """Return an address with what is asked for in it, and nothing empty."""
    values: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for(endpoint, **values)


def _is_member() -> bool:
    return g.member is not None and g.member.state in {"active", "paused"}


def _asked() -> dict[str, str]:
    """Return what the directory is narrowed to; what makes no sense narrows nothing."""
    asked = {
        "q": one_line(request.args.get("q"))[:SEARCH_LENGTH_MAX],
        "area": one_line(request.args.get("area"))[:AREA_LENGTH_MAX],
    }
    allowed: dict[str, tuple[str, ...]] = {
        "support": SUPPORTS,
        "transition": TRANSITIONS,
        "day": tuple(str(day) for day in WEEKDAYS),
        "sector": SECTORS,
    }
    for name, values in allowed.items():
        said = one_line(request.args.get(name))
        asked[name] = said if said in values else ""
    return asked


def _wanted(asked: dict[str, str]) -> Wanted:
    return Wanted(
        support=asked["support"],
        transition=asked["transition"],
        weekday=int(asked["day"]) if asked["day"] else None,
        sector=asked["sector"],
        area=asked["area"],
        text=asked["q"],
    )


def _choices() -> dict[str, list[tuple[str, str]]]:
    found = queries.areas(db.session(), g.community.id, only_public=not _is_member())
    return {
        "support": list(SUPPORT_NAMES.items()),
        "day": [(str(day), DAYS[day]) for day in WEEKDAYS],
        "area": [(area, area) for area in found],
        "transition": list(TRANSITION_NAMES.items()),
        "sector": list(names.SECTOR_NAMES.items()),
    }


def _narrowed(asked: dict[str, str], choices: dict[str, list[tuple[str, str]]]) -> str:
    """Return in words what the directory is narrowed to; nothing if it is not."""
    words = [
        str(dict(choices[name]).get(value, value))
        for name, value in asked.items()
        if value and name != "q"
    ]
    return ", ".join(words)


def _mine() -> list[dict[str, object]]:
    """Return the signed-in member's own groups, invitations first."""
    if not _is_member():
        return []
    found = queries.my_groups(db.session(), g.member)
    return [
        {
            "words": group.name,
            "note": names.joined((names.when_of(group), str(names.PART_NAMES[link.part])))
            if link.state == "active"
            else names.when_of(group),
            "href": url_for("groups.show", group_slug=group.slug),
            "tag": None if link.state == "active" else _("You are invited"),
        }
        for link, group in sorted(found, key=lambda pair: pair[0].state, reverse=True)
    ]


def card(entry: Entry) -> dict[str, Any]:
    """Make a group's card in the directory."""
    group = entry.group
    return {
        "name": group.name,
        "href": url_for("groups.show", group_slug=group.slug),
        "tone": group.tone,
        "when": names.when_of(group),
        "where": names.where_of(group, entry.venue),
        "supports": names.supports_of(group),
        "checked_on": group.checked_on,
    }


# -------------------------------------------------------------------- paper and files


@bp.get("/groups/print")
@access(Access.ANYONE)
def directory_print() -> ResponseReturnValue:
    """Show the directory as a sheet to print."""
    asked = _asked()
    return render_template(
        "groups/directory_print.html",
        entries=[_line(entry) for entry in _every(asked)],
        narrowed=_narrowed(asked, _choices()),
        printed_on=today(),
        back=_address("groups.directory", asked),
    )


def _every(asked: dict[str, str]) -> list[Entry]:
    wanted = _wanted(asked)
    return list(
        queries.every_entry(db.session(), g.community.id, wanted, only_public=not _is_member())
    )


def _line(entry: Entry) -> dict[str, object]:
    group, venue = entry.group, entry.venue
    return {
        "name": group.name,
        "words": names.joined((names.when_of(group), names.where_of(group, venue))),
        "address": names.more_of(venue),
        "mailbox": group.mailbox,
        "checked_on": group.checked_on,
    }


@bp.get("/groups.json")
@access(Access.ANYONE)
def directory_json() -> ResponseReturnValue:
    """Give the directory to another program, with everything it holds and no person in it."""
    return {
        "community": g.community.name,
        "made_on": today().isoformat(),
        "groups": [facts_of(entry) for entry in _every(_asked())],
    }


@bp.get("/groups.csv")
@access(Access.ANYONE)
def directory_csv() -> ResponseReturnValue:
    """Give the directory to a spreadsheet."""
    rows = [facts_of(entry) for entry in _every(_asked())]
    lines = [[_cell(value) for value in row.values()] for row in rows]
    answer = Response(sheet([list(FACTS), *lines]), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="groups.csv"'
    return answer


#: What stands in the files, in this order.
FACTS = (
    *("name", "page", "words", "when", "days", "where", "address", "postcode", "area"),
    *("supports", "transitions", "sector", "mailbox", "joining", "checked_on"),
)


def facts_of(entry: Entry) -> dict[str, object]:
    """Return everything the directory says of a group, as values another program can read."""
    group, venue = entry.group, entry.venue
    values: tuple[object, ...] = (
        group.name,
        url_for("groups.show", group_slug=group.slug, _external=True),
        group.words,
        group.when_words,
        sorted(f"{slot.weekday + 1} {slot.part}" for slot in group.slots),
        venue.name if venue is not None else group.where_words,
        venue.address if venue is not None else "",
        venue.postcode if venue is not None else "",
        group.area or (venue.area if venue is not None else ""),
        [key for key in SUPPORTS if getattr(group, f"is_{key}")],
        sorted(each.transition for each in group.transitions),
        group.sector or "",
        group.mailbox,
        group.joining,
        group.checked_on.isoformat() if group.checked_on else "",
    )
    return dict(zip(FACTS, values, strict=True))


def _cell(value: object) -> object:
    return "; ".join(str(each) for each in value) if isinstance(value, list) else value
