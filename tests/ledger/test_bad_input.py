"""Whatever is wrong with a request or with books: it has a name, its facts, and changes nothing."""

import datetime as dt
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from ledger import schema
from ledger.audit.check import audit
from ledger.book_errors import BadBooks
from ledger.errors import LedgerRefusal
from ledger.restore import restore
from tests.ledger.desk import ANN, BEN, CAT, FLOOR_MINUTES, SECRET, Desk
from tests.ledger.test_audit import golden_books, remark
from tests.ledger.test_books import read
from tests.ledger.test_chart import set_state
from tests.ledger.test_restore import limits

NOBODY = UUID(int=7)
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
JANUARY = "2026/01.beancount"


def everything(engine: Engine) -> dict[str, list[str]]:
    """Every row of every table of the ledger."""
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in schema.metadata.sorted_tables
        }


def closed(desk: Desk) -> None:
    set_state(desk, "closed", code=CAT)


def posted(desk: Desk) -> None:
    desk.post(ANN, BEN, 60, key="exchange:1")


def reversed_once(desk: Desk) -> None:
    entry = desk.post(ANN, BEN, 60, key="exchange:1")
    desk.reverse(entry.entry_id, key="back:1")


def nothing(_desk: Desk) -> None:
    """There is nothing to prepare."""


def first_of(desk: Desk) -> UUID:
    with desk.engine.connect() as connection:
        return UUID(str(connection.execute(sa.select(schema.entry.c.id).where(
            schema.entry.c.seq == 1)).scalar_one()))  # fmt: skip


@pytest.mark.parametrize(
    ("before", "act", "reason", "facts"),
    [
        (nothing, lambda d: d.post("M000099", BEN, 5), "unknown-account", {"code": "M000099"}),
        (closed, lambda d: d.post(CAT, BEN, 5), "closed-account", {"code": CAT}),
        (closed, lambda d: d.post(BEN, CAT, 5), "closed-account", {"code": CAT}),
        (nothing, lambda d: d.post(ANN, BEN, 0), "bad-minutes", {"minutes": 0}),
        (nothing, lambda d: d.post(ANN, BEN, -5), "bad-minutes", {"minutes": -5}),
        (nothing, lambda d: d.post(ANN, BEN, 0.5), "bad-minutes", {"minutes": 0.5}),
        (nothing, lambda d: d.post(ANN, BEN, "5"), "bad-minutes", {"minutes": "5"}),
        (nothing, lambda d: d.post(ANN, ANN, 5), "same-account", {"code": ANN}),
        (
            nothing,
            lambda d: d.post(ANN, BEN, 1 - FLOOR_MINUTES),
            "over-floor",
            {"code": ANN, "floor_minutes": FLOOR_MINUTES, "change_minutes": FLOOR_MINUTES - 1},
        ),
        (
            posted,
            lambda d: d.post(ANN, BEN, 61, key="exchange:1"),
            "key-mismatch",
            {"idem_key": "exchange:1"},
        ),
        (nothing, lambda d: d.capture(NOBODY), "unknown-hold", {"hold_id": NOBODY}),
        (nothing, lambda d: d.release(NOBODY), "unknown-hold", {"hold_id": NOBODY}),
        (posted, lambda d: d.expire(first_of(d)), "unknown-hold", {}),
        (nothing, lambda d: d.reverse(NOBODY), "unknown-entry", {"entry_id": NOBODY}),
        (reversed_once, lambda d: d.reverse(first_of(d), key="back:2"), "already-reversed", {}),
    ],
)
def test_a_bad_request_is_refused_by_name_with_its_facts_and_changes_nothing(
    desk: Desk,
    before: Callable[[Desk], None],
    act: Callable[[Desk], object],
    reason: str,
    facts: dict[str, Any],
) -> None:
    before(desk)
    was = everything(desk.engine)
    with pytest.raises(LedgerRefusal) as refused:
        act(desk)
    assert refused.value.reason == reason
    assert facts.items() <= refused.value.facts.items(), refused.value.facts
    assert refused.value.facts
    assert everything(desk.engine) == was
    assert desk.verify().ok


def lose_a_month(folder: Path) -> None:
    (folder / JANUARY).unlink()


def edit(name: str, was: str, becomes: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / name).read_text("utf-8")
        assert was in text
        (folder / name).write_text(text.replace(was, becomes, 1), "utf-8")

    return change


def truncate(folder: Path) -> None:
    text = (folder / JANUARY).read_text("utf-8")
    (folder / JANUARY).write_text(text[: text.rindex("\n\n") + 1], "utf-8")


@pytest.mark.parametrize("is_marked", [False, True])
@pytest.mark.parametrize(
    ("harm", "files"),
    [
        (lose_a_month, {JANUARY}),
        (edit(JANUARY, "  60 MIN", "  61 MIN"), {JANUARY}),
        (edit("main.beancount", 'plugin "timebank_books"', 'plugin "evil"'), {"main.beancount"}),
        (edit(JANUARY, "\n\n", '\nplugin "evil"\n\n'), {JANUARY}),
        # Where HEAD was made to fit, whatever else speaks of the entries tells of it.
        (truncate, {JANUARY, "HEAD", "BALANCES", "2026/01.assert.beancount"}),
    ],
    ids=["missing file", "edited line", "foreign plugin", "foreign line", "truncated month"],
)
def test_bad_books_are_named_and_nothing_is_changed_or_restored(
    engine: Engine,
    tmp_path: Path,
    harm: Callable[[Path], None],
    files: set[str],
    *,
    is_marked: bool,
) -> None:
    """Also where whoever did it made HEAD vouch for what is there now."""
    golden_books(tmp_path / "books")
    folder = Path(shutil.copytree(tmp_path / "books", tmp_path / "harmed"))
    harm(folder)
    if is_marked:
        remark(folder)
    was = read(folder), everything(engine)
    verdict = audit(folder)
    assert not verdict.ok
    assert verdict.findings[0].file in files, verdict.findings
    assert verdict.findings[0].reason
    assert verdict.findings[0].detail
    with engine.connect() as connection, connection.begin() as transaction:
        with pytest.raises(BadBooks) as refused:
            restore(connection, folder, secret=SECRET, limits=limits, now=NOW)
        transaction.rollback()
    assert refused.value.file in files
    assert refused.value.finding
    assert (read(folder), everything(engine)) == was
