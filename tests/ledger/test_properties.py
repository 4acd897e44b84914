"""Random and exhaustive lives of a book, each answer foretold by a dictionary."""

import copy
import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine

from ledger import schema
from ledger.balances import trial_balance
from ledger.storage import storage_of
from tests.databases import open_engine
from tests.ledger.desk import ANN, BEN, BOOK, OPENED_AT, Desk
from tests.ledger.oracle import CODES, Act, Actor, Oracle
from timebank.db import WRITES

ACTS = 1_000
#: Every answer there is.
ANSWERS = {
    *("posted", "replayed", "key-mismatch", "over-floor", "already-reversed", "not-reversible"),
    *("unknown-entry", "unknown-hold", "already-resolved", "over-held", "not-expired"),
    "expires-too-early",
}


def random_acts(seed: int, number: int) -> Iterator[Act]:
    """Acts that often meet each other: few accounts, few amounts, what was done just before."""
    chosen, done, day = random.Random(seed), list[Act](), 0
    for n in range(number):
        what = chosen.choice(["post", "hold", "hold", "capture", "release", "expire", "reverse"])
        key, target = f"k{n}", f"k{n - chosen.randrange(1, 12)}"
        if chosen.random() < 0.08:
            day += 1
            yield ("wait", key)
        if done and chosen.random() < 0.1:
            yield chosen.choice(done)
            continue
        if chosen.random() < 0.05:
            key = target
        payer, payee = chosen.sample(CODES, 2)
        minutes = chosen.choice([1, 15, 60, 240])
        act: Act = (what, key, target)
        if what == "post":
            act = (what, key, payer, payee, minutes)
        elif what == "hold":
            act = (what, key, payer, payee, minutes, day + chosen.randrange(4))
        elif what == "capture" and chosen.random() < 0.5:
            act = (what, key, target, minutes)
        done.append(act)
        yield act


def live(desk: Desk, acts: Iterator[Act]) -> list[str]:
    """Act after act: the ledger says what was foretold, and everybody has what they should."""
    oracle, actor = Oracle(), Actor(desk)
    said = []
    for act in acts:
        if act[0] == "wait":
            oracle.day += 1
            continue
        foretold = oracle.says(act)
        said.append(actor.does(act, day=oracle.day))
        assert said[-1] == foretold, act
        assert figures(desk) == oracle.figures(), act
    assert desk.verify().entries == len(oracle.entries)
    assert desk.verify().ok
    return said


def figures(desk: Desk) -> dict[str, tuple[int, int, int]]:
    with desk.engine.connect() as connection:
        return figures_in(connection, desk.book_id)


def figures_in(connection: Connection, book_id: UUID) -> dict[str, tuple[int, int, int]]:
    """What the accounts of a book hold; all of them together, nothing."""
    trial = trial_balance(connection, book_id)
    assert trial.total_minutes == 0
    assert sum(account.held_in - account.held_out for account in trial.accounts) == 0
    return {
        account.code: (account.posted, account.held_in, account.held_out)
        for account in trial.accounts
        if account.code in CODES
    }


def test_a_thousand_random_acts_end_as_foretold_and_add_up_to_zero(desk: Desk) -> None:
    said = Counter(live(desk, random_acts(1880, ACTS)))
    # Every answer there is came up, or the test has proved less than it says.
    assert set(said) == ANSWERS, said


def sealed(connection: Connection) -> tuple[object, ...]:
    """Leaves, links and counters of the book."""
    account = schema.account
    rows = list(storage_of(connection).journal(connection, BOOK, 10_000))
    counters = connection.execute(
        sa.select(account).where(account.c.book_id == BOOK).order_by(account.c.code)
    )
    return [(row.leaf, row.chain, row.legs) for row in rows], [tuple(row) for row in counters]


def test_the_same_acts_end_in_the_same_bytes_on_every_database(desk: Desk, tmp_path: Path) -> None:
    other = Desk(open_engine(f"sqlite:///{tmp_path / 'other.sqlite3'}"))
    schema.metadata.create_all(other.engine)
    said = live(desk, random_acts(7, 200))
    assert live(other.open(), random_acts(7, 200)) == said
    with desk.engine.connect() as here, other.engine.connect() as there:
        assert sealed(here) == sealed(there)
    other.engine.dispose()


# ---------------------------------------------------------- any life, checked at each step

KEYS = st.sampled_from(["a", "b", "c", "d", "e", "f", "g", "h"])
WHO = st.sampled_from(CODES)
MINUTES = st.sampled_from([1, 200, 400, 600])
ACT = st.one_of(
    st.tuples(st.just("wait"), KEYS),
    st.tuples(st.just("post"), KEYS, WHO, WHO, MINUTES).filter(lambda act: act[2] != act[3]),
    st.tuples(st.just("hold"), KEYS, WHO, WHO, MINUTES, st.integers(1, 3)).filter(
        lambda act: act[2] != act[3]
    ),
    st.tuples(st.just("capture"), KEYS, KEYS, MINUTES),
    st.tuples(st.sampled_from(["capture", "release", "expire", "reverse"]), KEYS, KEYS),
)
BOOKS = count(1)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=st.lists(ACT, max_size=25))
def test_any_life_of_a_book_is_sound_after_each_act(engine: Engine, acts: list[Act]) -> None:
    # A book of its own for each life; one database holds them all.
    desk = Desk(engine, UUID(int=BOOK.int + 0x1000 + next(BOOKS))).open()
    oracle, actor = Oracle(), Actor(desk)
    for act in acts:
        if act[0] == "wait":
            oracle.day += 1
            continue
        assert oracle.says(act) == actor.does(act, day=oracle.day)
        assert figures(desk) == oracle.figures()
        report = desk.verify()
        assert report.ok, report.problems


# ----------------------------------------------------------------- every life, if it is short

SHORT: list[Act] = [
    ("post", ANN, BEN, 600),
    ("post", BEN, ANN, 1),
    ("hold", ANN, BEN, 600, 1),
    ("hold", ANN, BEN, 300, 9),
    ("capture", "1"),
    ("capture", "1", 300),
    ("capture", "2", 600),
    ("release", "1"),
    ("expire", "1"),
    ("reverse", "2"),
]


#: How long a short life is.
LENGTH_MAX = 4


class Branch(Desk):
    """A desk inside of one transaction, in which every life is tried and taken away again."""

    connection: Connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        yield self.connection


def grow(branch: Branch, oracle: Oracle, actor: Actor, life: tuple[Act, ...]) -> Counter[str]:
    """Try every next act; go on behind those that changed something."""
    said: Counter[str] = Counter()
    for what, *facts in SHORT if len(life) < LENGTH_MAX else ():
        act = (what, str(len(life) + 1), *facts)
        after, hands = copy.deepcopy(oracle), Actor(branch, dict(actor.ids), dict(actor.pairs))
        # The second day comes with the third act, so that a hold of one day can expire.
        after.day = len(life) // 2
        branch.now = OPENED_AT + dt.timedelta(hours=len(life))
        savepoint = branch.connection.begin_nested()
        said[answer := hands.does(act, day=after.day)] += 1
        assert answer == after.says(act), (*life, act)
        assert figures_in(branch.connection, BOOK) == after.figures(), (*life, act)
        if answer == "posted":
            said += grow(branch, after, hands, (*life, act))
        savepoint.rollback()
    return said


def test_every_life_of_up_to_four_acts_is_as_foretold(desk: Desk) -> None:
    """Whatever was refused changed nothing, so what follows it was tried without it."""
    branch = Branch(desk.engine)
    with desk.engine.connect().execution_options(**{WRITES: True}) as connection:
        branch.connection = connection
        transaction = connection.begin()
        said = grow(branch, Oracle(), Actor(branch), ())
        transaction.rollback()
    assert sum(said.values()) > 500
    assert set(said) == ANSWERS - {"replayed", "key-mismatch"}, said
