"""The words for what is kept as keys: parts, sectors, settings, states, events."""

from collections.abc import Iterable

from timebank.groups.models import Group, GroupEvent, PotMove, Venue
from timebank.groups.policy.crediting import Terms
from timebank.listings.names import DAYS, PARTS, SUPPORTS, TRANSITIONS
from timebank.web.filters import hours_label
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
CREDITING_NAMES: dict[str, str] = {
    "activity": _l("Recognised activity: nobody pays, and the books show how many hours came so"),
    "pot": _l("The pot pays the hosts"),
    "participants": _l("Those who take part give hours, and the hosts get them"),
    "donated": _l("Hosts give their hours to the pot"),
    "unpaid": _l("Everything is written down, and no hours move"),
}
ACTIVITY_NAMES: dict[str, str] = {
    "drop-in": _l("Drop-in"),
    "peer-support": _l("Peer support"),
    "crisis-support": _l("Support in a crisis"),
    "training": _l("Training"),
    "sport": _l("Sport and moving about"),
    "food-growing": _l("Growing food"),
    "event": _l("An event or an outing"),
    "meeting": _l("A meeting"),
}
#: Why hours went into a pot or out of it, by the category in the books.
POT_REASONS: dict[str, str] = {
    "pot.gift": _l("A gift"),
    "pot.grant": _l("Help for a member"),
    "pot.payment": _l("Pay for a host"),
    "pot.transfer": _l("From pot to pot"),
    "pot.ended": _l("From a group that ended"),
}
#: The same, as columns of a table: what came by gifts, by sessions and from other pots, and so on.
POT_COLUMNS: dict[str, str] = {
    "gifts": _l("Gifts"),
    "grants": _l("Help and pay"),
    "sessions": _l("Sessions"),
    "pots": _l("Other pots"),
    "others": _l("Else"),
}
#: What is wrong with a rule that does not add up, and what to do.
NOT_ADDING_UP: dict[str, str] = {
    "unknown": _l("Choose one of the answers on the page."),
    "more than an hour": _l("Nothing moves more than an hour for an hour. Choose up to 1 h."),
    "pot share from nowhere": _l(
        "A share for the pot comes from recognised activity. "
        "Choose that, or leave the share at nothing."
    ),
    "credit from nowhere": _l(
        "Hours for those who take part come from recognised activity. "
        "Choose that, or take the tick away."
    ),
    "cost for nothing": _l(
        "Taking part costs something only where those who take part pay. "
        "Choose that, or let it cost nothing."
    ),
    "nobody pays": _l(
        "Hosts get hours and nobody gives them. "
        "Say what an hour of taking part costs, or let them share it."
    ),
    "paid twice": _l(
        "Either an hour of taking part costs something, or they share the hosts’ hours. Choose one."
    ),
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
    return joined(str(SUPPORTS[key]) for key, is_chosen in chosen.items() if is_chosen)


def transitions_of(group: Group) -> str:
    """Return the big changes at which a group is there, as one line."""
    here = {each.transition for each in group.transitions}
    return joined(str(words) for key, words in TRANSITIONS.items() if key in here)


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


def more_of(venue: Venue | None) -> str:
    """Return a place's address where it says more than `where_of` has said already."""
    return address_of(venue) if venue is not None and (venue.address or venue.area) else ""


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


def rule_words(terms: Terms) -> list[str]:
    """Return a crediting rule as sentences that everybody in the group can read."""
    said = (_hosting(terms), _taking_part(terms), _paid(terms))
    return [words for words in said if words]


def _hosting(terms: Terms) -> str:
    hour = hours_label(60)
    if terms.kind == "unpaid":
        return _("Hosting and taking part are written down, and no hours move.")
    if terms.kind == "donated":
        return _("An hour of hosting gives the pot %(hour)s: hosts give theirs away.", hour=hour)
    if terms.kind == "activity" and terms.pot_minutes:
        return _(
            "An hour of hosting gives the host %(hour)s and the pot %(share)s.",
            hour=hour,
            share=hours_label(terms.pot_minutes),
        )
    if terms.kind == "activity":
        return _("An hour of hosting gives the host %(hour)s.", hour=hour)
    return _("An hour of hosting gives the host %(hour)s out of the pot.", hour=hour)


def _taking_part(terms: Terms) -> str:
    if terms.credits_participants:
        return _("An hour of taking part gives %(hour)s as well.", hour=hours_label(60))
    if terms.is_shared_evenly:
        return _("Those who take part share the hosts’ hours equally among them.")
    if terms.cost_minutes:
        return _(
            "An hour of taking part gives the pot %(cost)s of yours.",
            cost=hours_label(terms.cost_minutes),
        )
    return _("Taking part costs nothing.")


def _paid(terms: Terms) -> str:
    if terms.kind == "unpaid":
        return ""
    return _("Paid staff are written down and never credited.")


def pot_reason(category: str) -> str:
    """Return why hours moved in or out of a pot, from the category in the books."""
    if category.startswith("session."):
        activity = category.removeprefix("session.")
        return _("A session: %(activity)s", activity=activity_name(activity))
    return str(POT_REASONS.get(category, _("Put right by the bookkeepers")))


def activity_name(activity: str) -> str:
    """Return what a recognised activity is called."""
    if activity == "mutual-help":
        return _("Helping each other")
    return str(ACTIVITY_NAMES.get(activity, activity))


def move_words(move: PotMove, name: str) -> str:
    """Return what is asked of a pot; `name` is of the member or the pot that gets the hours."""
    hours_words = hours_label(move.minutes)
    if move.other_code is not None:
        return _("%(hours)s to the pot of %(name)s", hours=hours_words, name=name)
    if move.kind == "payment":
        return _("%(hours)s to pay %(name)s", hours=hours_words, name=name)
    return _("%(hours)s to help %(name)s", hours=hours_words, name=name)


def pot_column(category: str) -> str:
    """Return the column that a movement of a pot is counted in."""
    columns = {
        "pot.gift": "gifts",
        "pot.grant": "grants",
        "pot.payment": "grants",
        "pot.transfer": "pots",
        "pot.ended": "pots",
    }
    return "sessions" if category.startswith("session.") else columns.get(category, "others")
