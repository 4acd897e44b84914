"""Who may do what with the books, and small rules of hours."""

import datetime as dt
import re
import uuid
from typing import Final, Protocol

from timebank.communities.policy import Limits

#: The pot of the whole community.
COMMUNITY_POT: Final = "G000001"
#: The account that hours to give back are let go to.
WRITTEN_OFF: Final = "written-off"
#: Who looks after the books.
BOOKKEEPERS: Final = frozenset({"coordinator", "treasurer"})
#: Who reads them: an auditor looks, and changes nothing.
READERS: Final = BOOKKEEPERS | {"auditor"}
#: The floor of a member in a community that has none: 100,000 hours down. Only the places where
#: hours enter the book may be without floor.
NO_FLOOR_MINUTES: Final = -100_000 * 60


class Holder(Protocol):
    """Somebody with an account: a member, seen from below. Accounts are opened when one joins."""

    @property
    def id(self) -> uuid.UUID:
        """Who."""
        ...

    @property
    def community_id(self) -> uuid.UUID:
        """Whose book the account stands in."""
        ...

    @property
    def account_code(self) -> str:
        """The account's code, such as `M000042`."""
        ...


def may_see_books(roles: frozenset[str]) -> bool:
    """Coordinators, treasurers and auditors see the trial balance and any statement."""
    return bool(roles & READERS)


def may_see_statement(roles: frozenset[str], *, own_code: str, code: str) -> bool:
    """Everyone sees their own statement; those who look after the books see each one."""
    return own_code == code or may_see_books(roles)


def may_take_back(roles: frozenset[str]) -> bool:
    """Only those who look after the books move hours back."""
    return bool(roles & BOOKKEEPERS)


def may_ask(roles: frozenset[str]) -> bool:
    """Treasurers and auditors put questions to the books."""
    return bool(roles & {"treasurer", "auditor"})


def may_ask_freely(roles: frozenset[str]) -> bool:
    """Only an auditor asks in words of their own."""
    return "auditor" in roles


def category_code(key: str, category_id: uuid.UUID) -> str:
    """The code of a category in the book: public, and the same for ever.

    A category of the community's own has no key, and its name may say too much; it goes by the end
    of its id.
    """
    code = re.sub(r"[^a-z0-9.]+", "-", key.lower()).strip("-.")
    return code or f"own-{category_id.hex[-12:]}"


def floor_for_the_book(floor_minutes: int | None) -> int:
    """The floor as the book keeps it: for a community without one, so far down that it is none."""
    return NO_FLOOR_MINUTES if floor_minutes is None else floor_minutes


def floor_or_none(floor_minutes: int | None) -> int | None:
    """The floor as a person would say it: None where the community has none."""
    if floor_minutes is None or floor_minutes <= NO_FLOOR_MINUTES:
        return None
    return floor_minutes


# ------------------------------------------------------------------------------- limits

#: The two ways a balance can go, and what happens at each line on the way, the mildest first.
SIDES: Final = ("floor", "ceiling")
STEPS: Final = ("nudge", "soft", "stop")


def line_name(side: str, step: str) -> str:
    """The name of a line among `communities.models.LIMITS`."""
    return f"{side}_minutes" if step == "stop" else f"{side}_{step}_minutes"


def is_beyond(minutes: int, limits: Limits, side: str, step: str) -> bool:
    """Whether a balance has come to a line or gone past it.

    Where the line lies at zero, an even balance has not: nobody begins with a reminder.
    """
    line: int | None = getattr(limits, line_name(side, step))
    if line is None:
        return False
    return minutes <= min(line, -1) if side == "floor" else minutes >= max(line, 1)


def step_of(minutes: int, limits: Limits) -> tuple[str, str] | None:
    """The side and the furthest step that a balance has come to; None in the wide middle."""
    for side in SIDES:
        for step in reversed(STEPS):
            if is_beyond(minutes, limits, side, step):
                return side, step
    return None


def has_ended(until_on: dt.date | None, today: dt.date) -> bool:
    """Whether the last day of a member's own limits is over."""
    return until_on is not None and until_on < today
