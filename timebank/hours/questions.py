"""The questions that are kept ready, in the language of beancount's queries (BQL).

Each is asked of the tables in `ledger.audit.ask_tables`. A column that ends in `_minutes` is shown
as hours. `%(since)s` is the first day that is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Saved:
    """A question that is kept ready.

    Attributes:
        bql: The question.
        bars: The column whose figures are drawn as bars; empty where a picture says no more.
        label: The column that names each bar.
    """

    bql: str
    bars: str = ""
    label: str = ""

    @property
    def takes_since(self) -> bool:
        """Whether one chooses from when on."""
        return "%(since)s" in self.bql


SAVED: Final[Mapping[str, Saved]] = {
    "flows": Saved(
        "SELECT payer AS receiver, payee AS giver, count(*) AS times, sum(minutes) AS moved_minutes"
        " FROM #legs WHERE kind = 'exchange' AND taken_back_by IS NULL"
        " AND recorded_on >= %(since)s"
        " GROUP BY receiver, giver ORDER BY moved_minutes DESC, receiver, giver LIMIT 30"
    ),
    "months": Saved(
        "SELECT month, entries, movers, moved_minutes FROM #months ORDER BY month",
        bars="moved_minutes",
        label="month",
    ),
    "velocity": Saved(
        "SELECT month, moved_minutes, held_minutes,"
        " round(safediv(decimal(moved_minutes), held_minutes), 2) AS velocity"
        " FROM #months ORDER BY month",
        bars="velocity",
        label="month",
    ),
    "concentration": Saved(
        "SELECT held_rank, code, balance_minutes, held_percent FROM #holdings"
        " WHERE held_rank IS NOT NULL ORDER BY held_rank LIMIT 100",
        bars="held_percent",
        label="held_rank",
    ),
    "dormant": Saved(
        "SELECT code, balance_minutes, last_on, idle_days FROM #holdings"
        " WHERE kind = 'member' AND idle_days > 180 ORDER BY idle_days DESC, code LIMIT 500"
    ),
    "categories": Saved(
        "SELECT category, count(*) AS times, sum(minutes) AS moved_minutes FROM #legs"
        " WHERE (kind = 'exchange' OR kind = 'activity') AND taken_back_by IS NULL"
        " AND recorded_on >= %(since)s"
        " GROUP BY category ORDER BY moved_minutes DESC, category LIMIT 60",
        bars="moved_minutes",
        label="category",
    ),
    "pots": Saved(
        "SELECT code, in_minutes, out_minutes, balance_minutes, last_on FROM #holdings"
        " WHERE kind = 'pot' ORDER BY in_minutes DESC, code",
        bars="in_minutes",
        label="code",
    ),
    "sources": Saved(
        "SELECT code, out_minutes AS recognised_minutes, in_minutes AS taken_out_minutes, moves"
        " FROM #holdings WHERE kind = 'source' ORDER BY recognised_minutes DESC, code",
        bars="recognised_minutes",
        label="code",
    ),
    "late": Saved(
        "SELECT seq, recorded_on, occurred_on, late_days, payer, payee, minutes AS moved_minutes"
        " FROM #legs WHERE late_days > 14 AND recorded_on >= %(since)s"
        " ORDER BY late_days DESC, seq LIMIT 200"
    ),
    "reversals": Saved(
        "SELECT seq, recorded_on, takes_back, payer, payee, minutes AS moved_minutes FROM #legs"
        " WHERE takes_back IS NOT NULL AND recorded_on >= %(since)s ORDER BY seq DESC LIMIT 200"
    ),
    "largest": Saved(
        "SELECT seq, recorded_on, kind, payer, payee, minutes AS moved_minutes FROM #legs"
        " WHERE recorded_on >= %(since)s ORDER BY moved_minutes DESC, seq LIMIT 30"
    ),
}
