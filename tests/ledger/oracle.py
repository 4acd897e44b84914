"""The ledger as a dictionary: it predicts every answer, and what everybody has after it.

An act is a tuple: what to do, under which key, and with what. `capture`, `release`, `expire` and
`reverse` name the key of an earlier entry; there may be none, or one of another kind. The oracle
knows nothing of how the ledger works, only what it promises.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from ledger.entries import Outcome
from ledger.errors import LedgerRefusal
from tests.ledger.desk import ANN, BEN, CAT, DROP_IN, FLOOR_MINUTES, OPENED_AT, POT, Desk
from tests.ledger.test_journal import NOWHERE

Act = tuple[Any, ...]
CODES = (ANN, BEN, CAT, POT, DROP_IN)
FLOORS = {ANN: FLOOR_MINUTES, BEN: FLOOR_MINUTES, CAT: FLOOR_MINUTES, POT: 0}
#: What each act may name, and what moves hours.
TARGETS = {
    "capture": {"hold"},
    "release": {"hold"},
    "expire": {"hold"},
    "reverse": {"post", "capture"},
}
MOVING = {"post", "capture", "reverse"}


@dataclass
class Written:
    """An entry that the oracle has heard of; equal to another where it means the same."""

    what: str
    payer: str
    payee: str
    minutes: int
    ends_on: int = 0
    target: str = ""
    has_ended: bool = field(default=False, compare=False)


@dataclass
class Oracle:
    """Predicts what the ledger will say."""

    day: int = 0
    entries: dict[str, Written] = field(default_factory=dict)
    posted: Counter[str] = field(default_factory=Counter)
    held_in: Counter[str] = field(default_factory=Counter)
    held_out: Counter[str] = field(default_factory=Counter)

    def says(self, act: Act) -> str:
        what, key, *facts = act
        if what in {"post", "hold"}:
            entry, target = Written(what, *facts), None
        else:
            target = self.entries.get(facts[0])
            if target is None or target.what not in TARGETS[what]:
                unknown = "not-reversible" if target else "unknown-entry"
                unknown = unknown if what == "reverse" else "unknown-hold"
                return "key-mismatch" if key in self.entries else unknown
            payer, payee, minutes = target.payer, target.payee, target.minutes
            if what == "reverse":
                payer, payee = payee, payer
            minutes = facts[1] if facts[1:] else minutes
            entry = Written(what, payer, payee, minutes, target=facts[0])
        if key in self.entries:
            return "replayed" if self.entries[key] == entry else "key-mismatch"
        refusal = self._refusal(entry, target)
        if not refusal:
            self.entries[key] = entry
            self._do(entry, target)
        return refusal or "posted"

    def _refusal(self, entry: Written, target: Written | None) -> str:
        if target is not None:
            if target.has_ended:
                return "already-reversed" if entry.what == "reverse" else "already-resolved"
            if entry.what == "expire" and self.day < target.ends_on:
                return "not-expired"
            return "over-held" if entry.minutes > target.minutes else ""
        if entry.what == "hold" and entry.ends_on <= self.day:
            return "expires-too-early"
        left = self.posted[entry.payer] - self.held_out[entry.payer] - entry.minutes
        return "over-floor" if left < FLOORS.get(entry.payer, left) else ""

    def _do(self, entry: Written, target: Written | None) -> None:
        if target is not None:
            target.has_ended = True
        held = entry if target is None else target
        if held.what == "hold":
            sign = 1 if target is None else -1
            self.held_out[held.payer] += sign * held.minutes
            self.held_in[held.payee] += sign * held.minutes
        if entry.what in MOVING:
            self.posted[entry.payer] -= entry.minutes
            self.posted[entry.payee] += entry.minutes

    def figures(self) -> dict[str, tuple[int, int, int]]:
        """What every account has: posted, set aside for it, set aside in it."""
        return {
            code: (self.posted[code], self.held_in[code], self.held_out[code]) for code in CODES
        }


@dataclass
class Actor:
    """Does at a desk what the oracle foretells."""

    desk: Desk
    ids: dict[str, UUID] = field(default_factory=dict)
    pairs: dict[str, tuple[str, str]] = field(default_factory=dict)

    def does(self, act: Act, *, day: int) -> str:
        """Do it on a day counted from the opening of the book; return what the ledger said."""
        what, key, *facts = act
        self.desk.now = max(self.desk.now, OPENED_AT + dt.timedelta(days=day))
        try:
            outcome = self._do(what, key, facts)
        except LedgerRefusal as refusal:
            return refusal.reason
        if what == "hold":
            self.pairs[key] = (facts[0], facts[1])
        self.ids.setdefault(key, outcome.entry_id)
        assert outcome.entry_id == self.ids[key]
        return outcome.status

    def _do(self, what: str, key: str, facts: list[Any]) -> Outcome:
        desk = self.desk
        if what == "post":
            return desk.post(*facts, key=key)
        if what == "hold":
            *leg, ends_on = facts
            ends_at = OPENED_AT + dt.timedelta(days=ends_on)
            return desk.hold(*leg, key=key, expires_at=ends_at)
        target = self.ids.get(facts[0], NOWHERE)
        if what == "capture" and facts[1:]:
            payer, payee = self.pairs.get(facts[0], (ANN, BEN))
            return desk.capture(target, (payer, payee, facts[1]), key=key)
        act = {"capture": desk.capture, "release": desk.release, "expire": desk.expire}
        return (act | {"reverse": desk.reverse})[what](target, key=key)
