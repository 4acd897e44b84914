"""The words for what is kept as keys: parts, sectors, settings, states, events."""

from collections.abc import Iterable

from timebank.groups.models import Group, GroupEvent, Venue
from timebank.listings.names import DAYS, PARTS, SUPPORTS, TRANSITIONS
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

PART_NAMES: dict[str, str] = {
    "lead": _l("Runs the group"),
    "host": _l("Host"),
    "member": _l("Comes along"),
}
SECTOR_NAMES: dict[str, str] = {
    "peers": _l("People who have been there themselves"),
    "charity": _l("A charity or association"),
    "primary care": _l("A GP practice or health centre"),
    "secondary care": _l("A hospital or specialist service"),
    "council": _l("The council"),
    "faith": _l("A faith community"),
    "business": _l("A business"),
}
SETTING_NAMES: dict[str, str] = {
    "community": _l("In the neighbourhood"),
    "ward": _l("On a hospital ward"),
    "online": _l("Online"),
    "phone": _l("By phone"),
}
JOINING_NAMES: dict[str, str] = {
    "open": _l("Anybody joins at once"),
    "ask": _l("Somebody who runs it says yes first"),
}
TONE_NAMES: tuple[str, ...] = (
    _l("Leaf, round"),
    _l("Marigold, square"),
    _l("Plum, leaf shape"),
    _l("Brick, drop"),
    _l("River, soft square"),
    _l("Moss, shield"),
    _l("Night, wide"),
    _l("Clay, tile"),
)


def supports_of(group: Group) -> str:
    """Return the kinds of support of a group as one line."""
    chosen = {
        "practical": group.is_practical,
        "social": group.is_social,
        "emotional": group.is_emotional,
    }
    return ", ".join(str(SUPPORTS[key]) for key, is_chosen in chosen.items() if is_chosen)


def transitions_of(group: Group) -> str:
    """Return the big changes at which a group is there, as one line."""
    here = {each.transition for each in group.transitions}
    return ", ".join(str(words) for key, words in TRANSITIONS.items() if key in here)


def days_of(group: Group) -> str:
    """Return when a group usually meets, as one line; empty where nothing is said."""
    slots = sorted((slot.weekday, list(PARTS).index(slot.part), slot.part) for slot in group.slots)
    return ", ".join(
        _("%(day)s %(part)s", day=str(DAYS[weekday]), part=str(PARTS[part]).lower())
        for weekday, _order, part in slots
    )


def when_of(group: Group) -> str:
    """Return when a group meets: its own words, else the days it ticked."""
    return group.when_words or days_of(group)


def where_of(group: Group, venue: Venue | None) -> str:
    """Return where a group meets: its place with the postcode, else its own words or the area."""
    if venue is None:
        return group.where_words or group.area
    return ", ".join(filter(None, (venue.name, venue.postcode)))


def address_of(venue: Venue) -> str:
    """Return a place's address as one line."""
    return ", ".join(filter(None, (venue.address, venue.area, venue.postcode)))


def joined(parts: Iterable[str]) -> str:
    """Return a line of facts with dots between; what is empty is left out."""
    return " · ".join(filter(None, parts))


def event_words(event: GroupEvent, *, name: str, by: str) -> str:
    """Return a step of a group's story; `name` is whom it is about, `by` who did it."""
    words = {
        "started": _("%(by)s started the group", by=by),
        "changed": _("%(by)s changed what the group says about itself", by=by),
        "joined": _("%(name)s came in", name=name),
        "invited": _("%(by)s invited %(name)s", by=by, name=name),
        "asked": _("%(name)s asked to come in", name=name),
        "declined": _("%(name)s did not come in", name=name),
        "left": _("%(name)s left", name=name),
        "rules changed": _("%(by)s wrote new ground rules", by=by),
        "checked": _("%(by)s checked that everything here is right", by=by),
        "ended": _("%(by)s ended the group", by=by),
    }
    if event.kind == "part changed":
        return _("%(name)s now: %(part)s", name=name, part=str(PART_NAMES[event.part or "member"]))
    return words[event.kind]
