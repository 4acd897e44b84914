"""A thousand random acts against an oracle that is nothing but a dictionary."""

import random
from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from ledger.entries import Outcome
from ledger.errors import AlreadyReversed, KeyMismatch, LedgerRefusal, NotReversible, OverFloor
from tests.ledger.desk import ANN, BEN, CAT, DROP_IN, FLOOR_MINUTES, POT, Desk

ACTS = 1_000
CODES = (ANN, BEN, CAT, POT, DROP_IN)
FLOORS = {ANN: FLOOR_MINUTES, BEN: FLOOR_MINUTES, CAT: FLOOR_MINUTES, POT: 0}


@dataclass
class Oracle:
    """Predicts what the ledger will say."""

    balances: Counter[str] = field(default_factory=Counter)
    keys: dict[str, tuple[object, ...]] = field(default_factory=dict)
    reversed_ids: set[UUID] = field(default_factory=set)

    def post(self, key: str, payer: str, payee: str, minutes: int) -> str:
        meant = (payer, payee, minutes)
        if key in self.keys:
            return "replayed" if self.keys[key] == meant else KeyMismatch.reason
        if payer in FLOORS and self.balances[payer] - minutes < FLOORS[payer]:
            return OverFloor.reason
        self.keys[key] = meant
        self.balances[payer] -= minutes
        self.balances[payee] += minutes
        return "posted"

    def reverse(self, key: str, original: "Posted") -> str:
        meant = ("back", original.outcome.entry_id)
        if original.is_reversal:
            return KeyMismatch.reason if key in self.keys else NotReversible.reason
        if key in self.keys:
            return "replayed" if self.keys[key] == meant else KeyMismatch.reason
        if original.outcome.entry_id in self.reversed_ids:
            return AlreadyReversed.reason
        self.keys[key] = meant
        self.reversed_ids.add(original.outcome.entry_id)
        self.balances[original.payer] += original.minutes
        self.balances[original.payee] -= original.minutes
        return "posted"


@dataclass(frozen=True)
class Posted:
    """An entry that was posted, with what it moved."""

    outcome: Outcome
    payer: str
    payee: str
    minutes: int
    is_reversal: bool = False


def test_a_thousand_random_acts_end_as_foretold_and_add_up_to_zero(desk: Desk) -> None:
    chosen, oracle = random.Random(1880), Oracle()
    posted: list[Posted] = []
    seen: Counter[str] = Counter()
    for _act in range(ACTS):
        payer, payee = chosen.sample(CODES, 2)
        minutes, key = chosen.choice([1, 15, 60, 240]), f"k{chosen.randrange(700)}"
        original = chosen.choice(posted) if posted and chosen.random() < 0.15 else None
        if original is None:
            foretold = oracle.post(key, payer, payee, minutes)
        else:
            foretold = oracle.reverse(key, original)
        try:
            if original is None:
                outcome = desk.post(payer, payee, minutes, key=key)
            else:
                outcome = desk.reverse(original.outcome.entry_id, key=key)
        except LedgerRefusal as refusal:
            said = refusal.reason
        else:
            said = outcome.status
            if said == "posted" and original is None:
                posted.append(Posted(outcome, payer, payee, minutes))
            elif said == "posted":
                posted.append(Posted(outcome, payee, payer, minutes, is_reversal=True))
        assert said == foretold
        seen[said] += 1
    assert {code: desk.balance(code) for code in CODES} == {
        code: oracle.balances[code] for code in CODES
    }
    report = desk.verify()
    assert (report.ok, report.total_minutes, report.entries) == (True, 0, len(posted))
    # Every answer there is came up, or the test has proved less than it says.
    assert set(seen) == {
        *("posted", "replayed", KeyMismatch.reason, OverFloor.reason),
        *(AlreadyReversed.reason, NotReversible.reason),
    }
