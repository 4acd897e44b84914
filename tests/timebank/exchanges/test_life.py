"""The life of an exchange as a machine: Hypothesis moves, and an oracle predicts each answer."""

import functools
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.timebank.exchanges.scene import DAY, TODAY, make_scene, saturday
from timebank.errors import RefusalError
from timebank.exchanges import service
from timebank.members.models import Member

ACTORS = st.sampled_from(["gita", "rune", "cora", "otto"])
MINUTES = st.sampled_from([15, 60, 90, 240])
SIDES = {"gita": "rune", "rune": "gita"}
FLOOR_MINUTES = -180
LIKELY = {
    "proposed": ("agree", "decline", "change", "cancel"),
    "agreed": ("report", "change", "cancel"),
    "done": ("yes", "correct", "no", "cancel", "settle"),
    "queried": ("correct", "cancel", "settle"),
}
MOVES = tuple(sorted({move for moves in LIKELY.values() for move in moves}))


class Life(RuleBasedStateMachine):
    """One exchange, four people, and an oracle that keeps its own story of it."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.scene = make_scene(session, floor_minutes=FLOOR_MINUTES)
        self.now = NOW
        self.booked = self.longest = 0
        self.begin()

    def begin(self) -> None:
        """Let Rune ask Gita for an hour; what was booked before stays booked."""
        terms = saturday(planned_on=self.now.date() + DAY)
        self.exchange = self.scene.propose(now=self.now, terms=terms)
        self.state = "proposed"
        self.asked: str | None = "gita"
        self.reporter: str | None = None
        self.minutes: int | None = None
        self.held = False
        self.queried = False
        self.silent = False
        self.is_booked = False

    @initialize(stage=st.sampled_from(["proposed", "agreed", "done", "queried"]))
    def comes_so_far(self, stage: str) -> None:
        if stage != "proposed":
            self.agree("gita")
        if stage in {"done", "queried"}:
            self.report("gita", 60)
        if stage == "queried":
            self.no("rune")

    @precondition(lambda self: self.state in {"confirmed", "declined", "cancelled"})
    @rule()
    def another(self) -> None:
        self.begin()

    # ---------------------------------------------------------------------- the oracle

    def may(self, actor: str, *, states: str, who: str) -> bool:
        if self.state not in states.split() or (actor not in SIDES and who != "cora"):
            return False
        allowed = {
            "side": actor in SIDES,
            "asked": actor == self.asked or (self.held and actor in SIDES),
            "asker": self.asked is not None and actor == SIDES.get(self.asked),
            "reporter": actor == self.reporter and not self.held,
            "cora": actor == "cora",
        }
        return allowed[who]

    def attempt(self, expected: bool, move: Callable[..., object], **facts: object) -> bool:  # noqa: FBT001
        """Make a move and see that it is answered as predicted; tell whether it counted."""
        try:
            move(self.session, self.scene.community, self.exchange.id, now=self.now, **facts)
        except RefusalError:
            assert not expected, (move, facts)
            return False
        assert expected, (move, facts)
        return True

    def person(self, actor: str) -> Member:
        member: Member = getattr(self.scene, actor)
        return member

    def books(self) -> None:
        """Predict what confirming does: the hours move, or the floor holds them up."""
        assert self.minutes is not None
        if -self.booked - self.minutes < FLOOR_MINUTES:
            self.state, self.asked, self.held, self.silent = "done", None, True, True
            return
        self.state, self.asked, self.held, self.silent = "confirmed", None, False, False
        self.booked += self.minutes
        self.longest = max(self.longest, self.minutes)
        self.is_booked = True

    def told(self, actor: str, minutes: int) -> None:
        self.state, self.asked, self.reporter = "done", SIDES[actor], actor
        self.minutes, self.held = minutes, False
        self.silent = not self.queried and minutes <= 2 * max(60, self.longest)

    # ----------------------------------------------------------------------- the moves

    @rule(actor=ACTORS, minutes=MINUTES, fits=st.booleans(), pick=st.integers(0, 99))
    def somebody_does_something(self, actor: str, minutes: int, pick: int, *, fits: bool) -> None:
        """Try a move: half the time one that this state knows, else any; whoever tries it."""
        known = LIKELY.get(self.state, MOVES) if fits else MOVES
        move = known[pick % len(known)]
        if move in {"report", "correct"}:
            getattr(self, move)(actor, minutes)
        elif move == "settle":
            self.settle(actor, minutes - 15)
        else:
            getattr(self, move)(actor)

    def agree(self, actor: str) -> None:
        expected = self.may(actor, states="proposed", who="asked")
        if self.attempt(expected, service.agree, by=self.person(actor)):
            self.state, self.asked = "agreed", None

    def decline(self, actor: str) -> None:
        expected = self.may(actor, states="proposed", who="asked")
        if self.attempt(expected, service.decline, by=self.person(actor)):
            self.state, self.asked = "declined", None

    def change(self, actor: str) -> None:
        expected = self.may(actor, states="proposed agreed", who="side")
        terms = saturday(planned_on=self.now.date() + DAY)
        if self.attempt(expected, service.change, by=self.person(actor), terms=terms):
            self.state, self.asked = "proposed", SIDES[actor]

    def cancel(self, actor: str) -> None:
        expected = (
            self.may(actor, states="proposed", who="asker")
            or self.may(actor, states="agreed", who="side")
            or self.may(actor, states="done queried", who="reporter")
        )
        if self.attempt(expected, service.cancel, by=self.person(actor)):
            self.state, self.asked, self.silent = "cancelled", None, False

    def report(self, actor: str, minutes: int) -> None:
        expected = self.may(actor, states="agreed", who="side")
        move = functools.partial(service.report, worked_minutes=minutes, happened_on=TODAY)
        if self.attempt(expected, move, by=self.person(actor)):
            self.told(actor, minutes)

    def yes(self, actor: str) -> None:
        expected = self.may(actor, states="done", who="asked")
        if self.attempt(expected, service.answer_yes, by=self.person(actor)):
            self.books()

    def correct(self, actor: str, minutes: int) -> None:
        expected = self.may(actor, states="done queried", who="side")
        move = functools.partial(service.answer_change, worked_minutes=minutes)
        if self.attempt(expected, move, by=self.person(actor)):
            self.told(actor, minutes)

    def no(self, actor: str) -> None:
        expected = self.may(actor, states="done", who="asked")
        if self.attempt(expected, service.answer_no, by=self.person(actor), words="Not so"):
            self.state, self.asked, self.queried = "queried", None, True
            self.held = self.silent = False

    def settle(self, actor: str, minutes: int) -> None:
        expected = self.may(actor, states="done queried", who="cora")
        move = functools.partial(service.settle, worked_minutes=minutes, reason="We talked")
        if not self.attempt(expected, move, by=self.person(actor)):
            return
        if minutes == 0:
            self.state, self.asked, self.held, self.silent = "cancelled", None, False, False
            return
        self.minutes = minutes
        self.books()

    @precondition(lambda self: self.state in {"done", "queried"})
    @rule()
    def a_week_goes_by(self) -> None:
        self.now += 7 * DAY
        due = int(self.silent and self.state == "done")
        assert service.confirm_silent(self.session, self.scene.community, now=self.now) == due
        if due:
            self.books()

    # ------------------------------------------------------------------ always true

    @invariant()
    def all_is_as_predicted(self) -> None:
        asked = self.scene.session.get(type(self.scene.gita), self._asked_key())
        assert self.exchange.state == self.state
        assert (asked.first_name.lower() if asked else None) == self.asked
        assert (self.exchange.held_up_at is not None) == self.held
        assert (self.exchange.entry_id is not None) == self.is_booked
        assert self.scene.balance(self.scene.gita) == self.booked
        assert self.scene.balance(self.scene.rune) == -self.booked

    def _asked_key(self) -> tuple[Any, Any]:
        return (self.scene.community.id, self.exchange.awaiting_id)

    def teardown(self) -> None:
        self.session.flush()


@pytest.mark.parametrize("examples", [25])
def test_asvs_14_whatever_people_do_the_exchange_goes_its_way(
    session: Session, examples: int
) -> None:
    run_state_machine_as_test(
        functools.partial(Life, session),  # type: ignore[arg-type] # anything that makes a machine
        settings=settings(max_examples=examples, stateful_step_count=20),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_asvs_14_a_long_walk_of_hundreds_of_moves_goes_as_predicted(
    session: Session, seed: int
) -> None:
    life, chance = Life(session), random.Random(seed)
    for _ in range(200):
        if life.state not in LIKELY:
            life.begin()
        elif life.state == "done" and chance.random() < 0.1:
            life.a_week_goes_by()
        else:
            life.somebody_does_something(
                actor=chance.choice(["gita", "rune", "gita", "rune", "cora", "otto"]),
                minutes=chance.choice([15, 60, 90, 240]),
                pick=chance.randrange(100),
                fits=chance.random() < 0.8,
            )
        life.all_is_as_predicted()
