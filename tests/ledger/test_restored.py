"""A ledger that came back from its books: what goes on in it, what lies beside it, what is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ledger import limits, schema
from ledger.errors import KeyMismatch, OverCeiling
from ledger.restore import restore
from tests.databases import Database
from tests.ledger.desk import ANN, BEN, BOOK, CAT, DROP_IN, OTHER_BOOK, POT, SECRET, Desk
from tests.ledger.test_audit import JANUARY, change, golden_books, relink, remark
from tests.ledger.test_books import exported
from tests.ledger.test_restore import NOW, refused_by, restore_in
from tests.ledger.test_two_books import answers, live
from tests.ledger.vault import Vault, post_many


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "books"


@pytest.fixture
def lose(desk: Desk, _database: Database) -> Callable[[], None]:
    """Empty the database, as if it were lost."""
    return lambda: _database.put_back(desk.engine)


# ------------------------------------------------------------------------------ what goes on


def test_a_book_comes_back_beside_another_and_touches_nothing_of_it(
    desk: Desk, folder: Path, lose: Callable[[], None]
) -> None:
    """Both have the same codes and the same ids, and each its own hours."""
    live(desk, more=0)
    before = desk.balances(ANN, BEN, CAT, POT)
    exported(desk, folder)
    lose()
    other = Desk(desk.engine, OTHER_BOOK).open()
    live(other, more=1)
    elsewhere = answers(other)
    with desk.writing() as connection:
        restore_in(connection, folder)
    now = answers(other)
    assert [name for name in now if now[name] != elsewhere[name]] == []
    assert other.verify().ok
    assert desk.verify().ok
    assert desk.balances(ANN, BEN, CAT, POT) == before
    assert exported(desk, folder).written == ()


@pytest.mark.parametrize("signed", [255, 257])
def test_sealing_goes_on_where_it_stopped(
    desk: Desk, folder: Path, lose: Callable[[], None], tmp_path: Path, signed: int
) -> None:
    """The tree is stored as far as it was signed, each 256th hash of it, and no further."""
    vault = Vault(desk, tmp_path / "vault")
    vault.begin()
    post_many(desk, signed)
    vault.seal()
    post_many(desk, 258 - signed)
    stored = sa.select(schema.subtree)
    with desk.engine.connect() as connection:
        before = connection.execute(stored).all()
    assert len(before) == signed // 256
    exported(desk, folder)
    lose()
    with desk.writing() as connection:
        restore_in(connection, folder)
    with desk.engine.connect() as connection:
        assert connection.execute(stored).all() == before
    checkpoint = vault.seal()
    assert checkpoint is not None
    assert checkpoint.size == 258
    with desk.engine.connect() as connection:
        assert len(connection.execute(stored).all()) == 1
    assert vault.problems() == []


def test_each_account_has_the_limits_of_its_kind_again(
    desk: Desk, folder: Path, lose: Callable[[], None]
) -> None:
    """Books hold none, so they are the caller's; the history begins with them."""
    wanted: dict[str, tuple[int | None, int | None]] = {
        "member": (-600, 900),
        "pot": (0, 5_000),
        "neighbour": (-30, 60),
        "source": (None, None),
    }
    with desk.writing() as connection:
        desk.open_account(connection, "N000001")
    desk.post(ANN, BEN, 600)
    exported(desk, folder)
    lose()
    with desk.writing() as connection:
        restore(connection, folder, secret=SECRET, limits=wanted.__getitem__, now=NOW)
        opened_at = connection.execute(sa.select(schema.book.c.opened_at)).scalar_one()
        for kind, code in zip(wanted, (BEN, POT, "N000001", DROP_IN), strict=True):
            [first] = limits.history(connection, BOOK, code)
            assert (first.floor_after, first.ceiling_after) == wanted[kind]
            assert (first.changed_at, first.state_after) == (opened_at, "open")
    assert desk.verify().ok
    assert desk.post(CAT, BEN, 300).seq == 2
    with pytest.raises(OverCeiling) as refused:
        desk.post(CAT, BEN, 1)
    assert refused.value.ceiling_minutes == 900


def test_numbers_that_were_given_are_told_so_that_nobody_else_gets_them(
    desk: Desk, folder: Path, lose: Callable[[], None]
) -> None:
    """Members and pots each have their own, and neighbours are neither."""
    with desk.writing() as connection:
        for code in ("M000700", "M100007", "G000012", "N900000"):
            desk.open_account(connection, code)
    exported(desk, folder)
    lose()
    with desk.writing() as connection:
        done = restore_in(connection, folder)
    assert (done.member_number_max, done.pot_number_max) == (100_007, 12)


def test_a_retry_is_known_by_everything_that_was_meant(
    desk: Desk, folder: Path, lose: Callable[[], None]
) -> None:
    """What it stands in place of, when it ends: the same try gets the same answer, no other."""
    first = desk.post(ANN, BEN, 60).entry_id
    desk.reverse(first)
    acts: list[tuple[Callable[..., Any], dict[str, Any], dict[str, Any]]] = [
        (desk.post, {"minutes": 50, "key": "right", "corrects": first}, {"corrects": None}),
        (desk.hold, {"minutes": 30, "key": "aside"}, {"days": 4}),
        (desk.hold, {"minutes": 20, "key": "for-ever", "days": None}, {"days": 3}),
    ]
    done = [act(ANN, BEN, **meant) for act, meant, _other in acts]
    exported(desk, folder)
    lose()
    with desk.writing() as connection:
        restore_in(connection, folder)
    for outcome, (act, meant, other) in zip(done, acts, strict=True):
        again = act(ANN, BEN, **meant)
        assert (again.status, again.entry_id) == ("replayed", outcome.entry_id)
        with pytest.raises(KeyMismatch):
            act(ANN, BEN, **meant | other)


def test_a_try_without_the_words_is_not_taken_for_the_one_that_had_some(
    desk: Desk, folder: Path, lose: Callable[[], None]
) -> None:
    posted = desk.post(ANN, BEN, 60, key="exchange:1", memo="Thanks")
    exported(desk, folder)
    lose()
    with desk.writing() as connection:
        restore_in(connection, folder)
    with pytest.raises(KeyMismatch) as refused:
        desk.post(ANN, BEN, 60, key="exchange:1")
    assert refused.value.entry_id == posted.entry_id
    assert desk.balances(ANN, BEN) == [-60, 60]


# ------------------------------------------------------------------------------- what is told


@pytest.mark.parametrize(
    ("name", "was", "becomes", "told"),
    [
        ("BALANCES", "M000001 640", "X000001 640", "BALANCES: X000001 is not ours"),
        (
            *("BALANCES", "M000001 640", "M000001 641"),
            "BALANCES: says M000001 has 641; the entries add up to 640",
        ),
        (
            *("HEAD", "chain 6", "chain 7"),
            "HEAD: speaks of 10 entries, and 10 lead to another chain",
        ),
        (
            *("main.beancount", '001" 1\n', '001" 2\n'),
            "main.beancount: is not of this version",
        ),
    ],
)
def test_a_person_at_a_terminal_is_told_what_is_wrong_and_where(
    desk: Desk,
    folder: Path,
    lose: Callable[[], None],
    name: str,
    was: str,
    becomes: str,
    told: str,
) -> None:
    lose()
    golden_books(folder)
    change(folder, name, was, becomes)
    remark(folder)
    refused = refused_by(desk, folder)
    assert f"{refused.file}: {refused.detail}" == told


@pytest.mark.parametrize(
    ("name", "was", "becomes", "told"),
    [
        (JANUARY, "occurred: 2026-01-02", "occurred: 2026-02-31", "entry 1 can not be: "),
        (JANUARY, "T09:01:00", "T99:01:00", "entry 1 can not be: "),
        (
            # What would clear the terminal is written out; this entry had no words.
            *(JANUARY, 'key: "exchange:1"', 'key: "\x1b[2J"'),
            "entry 1 can not be: 'bad-field: field=idem_key, value=\\x1b[2J'",
        ),
        (
            # More than anybody ever posts; and this one had words.
            *(JANUARY, "-1 MIN\n  Assets:Members:M000003  1 MIN"),
            "-7000000 MIN\n  Assets:Members:M000003  7000000 MIN",
            "entry 2 can not be: 'bad-minutes: minutes=7000000, minutes_max=6000000'",
        ),
        (
            *(JANUARY, '"gift" #pot', '"heist" #pot'),
            "entry 7 can not be: 'unsupported-kind: kind=heist'",
        ),
        ("main.beancount", "2026-01-01 custom", "2026-19-01 custom", "what it says can not be: "),
        (
            *("BALANCES", "M000001 640 0 0 9", f"M000001 640 {10**19 - 1} 0 9"),
            "what it says can not be: ",
        ),
        (
            *("BALANCES", "M000001 640 0 0 9", "M000001 640 5 0 9"),
            "account M000001: what is set aside is not the sum of its open holds",
        ),
    ],
)
def test_what_nobody_could_have_posted_is_refused_like_all_else_that_is_wrong(
    desk: Desk,
    folder: Path,
    lose: Callable[[], None],
    name: str,
    was: str,
    becomes: str,
    told: str,
) -> None:
    """Also where whoever wrote it made the chain anew, so that all of it fits together."""
    lose()
    golden_books(folder)
    change(folder, name, was, becomes)
    relink(folder)
    refused = refused_by(desk, folder)
    assert refused.finding == "impossible"
    assert refused.file == (JANUARY if name == JANUARY else "main.beancount")
    assert refused.detail.startswith(told), refused.detail


@pytest.mark.parametrize(
    ("name", "was", "finding"),
    [
        ("BALANCES", "M000001 640 ", "foreign-line"),
        ("HEAD", "file BALANCES ", "torn-head"),
        ("HEAD", "entries ", "torn-head"),
        (JANUARY, "  seq: ", "foreign-line"),
        ("main.beancount", '" ', "foreign-line"),
    ],
)
def test_a_number_that_is_too_long_to_be_read_is_refused_by_name(
    desk: Desk, folder: Path, lose: Callable[[], None], name: str, was: str, finding: str
) -> None:
    lose()
    golden_books(folder)
    change(folder, name, was, f"{was}{'9' * 5_000}")
    if name != "HEAD":
        remark(folder)
    refused = refused_by(desk, folder)
    assert (refused.finding, refused.file) == (finding, name)
