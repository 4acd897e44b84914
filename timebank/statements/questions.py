"""The words of the questions that are kept ready, and of what they answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from timebank.web.filters import MINUTES_IN_HOUR, hours_signed
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l


@dataclass(frozen=True, slots=True)
class Words:
    """What a question is called, and what its answer means.

    Attributes:
        title: The question as a person asks it.
        means: How to read the answer.
        nothing: What it means if there is no row.
    """

    title: str
    means: str
    nothing: str = _l("There is nothing to show.")


#: In the order of the page. The keys are those of `timebank.hours.questions.SAVED`.
WORDS: Mapping[str, Words] = {
    "flows": Words(
        _l("Between whom do most hours move?"),
        _l(
            "Pairs of accounts, those with the most hours first. A few strong pairs are usual."
            " If nearly all hours move within them, new members may find it hard to begin."
        ),
    ),
    "months": Words(
        _l("How many hours move each month?"),
        _l("All that was recorded in a month, and how many members took part in it."),
    ),
    "velocity": Words(
        _l("How fast do hours go round?"),
        _l(
            "Hours that moved in a month, for each hour that members held at its end. Near 1 an"
            " hour is used about once a month. A figure that keeps falling means that hours rest."
        ),
    ),
    "concentration": Words(
        _l("Do a few hold most of the hours?"),
        _l(
            "Members with hours to spend, the most first. The share counts up from the top: what"
            " stands at number 10 is what the ten hold together."
        ),
        _l("Nobody has hours to spend."),
    ),
    "dormant": Words(
        _l("Which accounts are asleep?"),
        _l("Members whose account has not moved for half a year. Perhaps they would like a call."),
        _l("Every member’s account has moved in the last half year."),
    ),
    "categories": Words(
        _l("What is the help about?"),
        _l("Hours of help by its kind. What was moved back later is left out."),
    ),
    "pots": Words(
        _l("What goes through the pots?"),
        _l("Hours given to each shared pot, and hours given out of it."),
        _l("There is no pot."),
    ),
    "sources": Words(
        _l("Where do hours come from?"),
        _l(
            "Hours that were recognised without anybody paying for them: brought in at the start,"
            " for mutual help, by decision."
        ),
    ),
    "late": Words(
        _l("Which help was reported late?"),
        _l("Help that was written down more than two weeks after its day."),
        _l("All help was written down within two weeks."),
    ),
    "reversals": Words(
        _l("What was moved back?"),
        _l("Entries that take an earlier one back, the newest first."),
        _l("Nothing was moved back."),
    ),
    "largest": Words(
        _l("Which movements were the largest?"),
        _l("Single movements, the largest first. A slip of the pen shows here."),
    ),
}
#: Columns of the kept questions in words; others are shown as they are called.
COLUMNS: Mapping[str, str] = {
    "receiver": _l("Received help"),
    "giver": _l("Gave help"),
    "payer": _l("From"),
    "payee": _l("To"),
    "times": _l("Times"),
    "moves": _l("Times"),
    "entries": _l("Entries"),
    "movers": _l("Members"),
    "month": _l("Month"),
    "code": _l("Account"),
    "kind": _l("Kind"),
    "category": _l("Kind of help"),
    "seq": _l("Entry"),
    "takes_back": _l("Takes back"),
    "recorded_on": _l("Recorded"),
    "occurred_on": _l("Day of the help"),
    "last_on": _l("Last moved"),
    "late_days": _l("Days later"),
    "idle_days": _l("Days asleep"),
    "velocity": _l("Times round"),
    "held_rank": _l("Number"),
    "held_percent": _l("Share so far, in percent"),
    "moved_minutes": _l("Hours moved"),
    "held_minutes": _l("Hours held"),
    "balance_minutes": _l("Hours"),
    "in_minutes": _l("Hours in"),
    "out_minutes": _l("Hours out"),
    "recognised_minutes": _l("Hours recognised"),
    "taken_out_minutes": _l("Hours taken out"),
}
#: What beancount calls a sum over minutes.
_OF_POSITIONS = re.compile(r"position|balance|units|number", re.IGNORECASE)
_MINUTES = "_minutes"


def column_words(name: str) -> str:
    """Return the head of a column."""
    return str(COLUMNS.get(name, name))


def is_minutes(name: str) -> bool:
    """Tell whether a column counts minutes; such a column is shown as hours."""
    return name.endswith(_MINUTES) or (
        name not in COLUMNS and _OF_POSITIONS.search(name) is not None
    )


def cell_words(name: str, value: object) -> str:
    """Return a cell as a page shows it: minutes as hours, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int) and is_minutes(name):
        return hours_signed(value).removeprefix("+")
    return str(value)


def size_of(name: str, value: object) -> float:
    """Return how long the bar of a cell is: a figure, or the hours of minutes."""
    try:
        size = float(str(value))
    except ValueError:
        return 0.0
    return size / MINUTES_IN_HOUR if is_minutes(name) else size
