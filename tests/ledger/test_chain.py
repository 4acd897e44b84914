import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ledger import chain
from ledger.chain import ChainedEntry, ChainedLeg
from ledger.storage import storage_of
from tests.ledger.desk import ANN, BEN, BOOK, CAT, DROP_IN, OPENING, POT, Desk

GOLDEN, GOLDEN_HOLDS = (
    json.loads((Path(__file__).parent / name).read_text("utf-8"))
    for name in ("golden.json", "golden_holds.json")
)


def ten_entries(desk: Desk) -> None:
    """Post ten entries that use every field there is."""
    first = desk.post(key="exchange:1")
    desk.post(BEN, CAT, 1, key="exchange:2", memo="Tak for hjælpen, Søren 🌱")
    desk.post(OPENING, ANN, 600, key="opening:1", kind="opening", category="opening", actor=None)
    desk.post(CAT, ANN, 45, key="exchange:3", category="forms.letters", on=dt.date(2025, 12, 31))
    third = desk.post(ANN, BEN, 90, key="exchange:4", memo='quote " and \\ and\nline')
    legs = ((DROP_IN, ANN, 60), (DROP_IN, BEN, 60), (DROP_IN, POT, 30))
    desk.post(legs=legs, key="cafe:2026-01-03", kind="activity", category="cafe")
    desk.post(ANN, POT, 15, key="gift:1", kind="gift", category="pot")
    desk.reverse(first.entry_id, key="back:1")
    desk.post(ANN, BEN, 50, key="exchange:1b", corrects=first.entry_id)
    desk.reverse(third.entry_id, key="back:2", reason="Wrong day")


def eight_holds(desk: Desk) -> None:
    """Set hours aside in every way, and end that in every way."""
    first = desk.hold(key="aside:1", on=dt.date(2026, 1, 8))
    second = desk.hold(key="aside:2", days=None, memo="Wednesday, søndag 🌱", actor=None)
    desk.capture(first.entry_id, key="exchange:1", on=dt.date(2026, 1, 9), memo="Tak")
    desk.release(second.entry_id, key="release:2")
    legs = ((ANN, BEN, 60), (CAT, POT, 30), (ANN, BEN, 1))
    third = desk.hold(legs=legs, key="aside:3", category="cafe")
    desk.capture(third.entry_id, (ANN, BEN, 61), key="exchange:3")
    desk.now = dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    fourth = desk.hold(BEN, ANN, key="aside:4", days=1.5)
    desk.now += dt.timedelta(days=1)
    desk.expire(fourth.entry_id, key="expire:4")


@pytest.mark.parametrize(("vectors", "count"), [(GOLDEN, 10), (GOLDEN_HOLDS, 8)])
def test_the_golden_entries_hash_as_they_always_have(
    vectors: list[dict[str, Any]], count: int
) -> None:
    previous = chain.GENESIS
    for golden in vectors:
        fields = dict(golden["fields"])
        legs = tuple(ChainedLeg(*leg) for leg in fields.pop("legs"))
        canon = chain.canonical(ChainedEntry(**fields, legs=legs))
        assert canon.decode() == golden["canonical"]
        assert chain.leaf(canon).hex() == golden["leaf"]
        previous = chain.link(previous, chain.leaf(canon))
        assert previous.hex() == golden["chain"]
    assert len(vectors) == count


@pytest.mark.parametrize(("lived", "vectors"), [(ten_entries, GOLDEN), (eight_holds, GOLDEN_HOLDS)])
def test_both_databases_give_the_golden_leaves_and_chain(
    desk: Desk, lived: Callable[[Desk], None], vectors: list[dict[str, Any]]
) -> None:
    lived(desk)
    with desk.engine.connect() as connection:
        rows = list(storage_of(connection).journal(connection, BOOK, 10))
    assert [(row.leaf.hex(), row.chain.hex()) for row in rows] == [
        (golden["leaf"], golden["chain"]) for golden in vectors
    ]
    assert [chain.canonical(row.entry).decode() for row in rows] == [
        golden["canonical"] for golden in vectors
    ]
    assert desk.verify().ok


def test_the_canonical_bytes_are_sorted_json_without_spaces() -> None:
    for golden in (*GOLDEN, *GOLDEN_HOLDS):
        facts = json.loads(golden["canonical"])
        assert golden["canonical"] == json.dumps(
            facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )


def test_a_memo_can_not_be_guessed_without_its_salt() -> None:
    one, other = (chain.commitment(bytes([n]) * 32, "thanks") for n in (1, 2))
    assert one != other


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        chain.instant_text(dt.datetime(2026, 1, 1))  # noqa: DTZ001 -- the point of the test


def test_a_time_is_written_in_utc_to_the_microsecond() -> None:
    there = dt.timezone(dt.timedelta(hours=2))
    assert chain.instant_text(dt.datetime(2026, 1, 1, 1, tzinfo=there)) == (
        "2025-12-31T23:00:00.000000Z"
    )


def test_time_never_stands_still() -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert chain.next_instant(now, now) == now + dt.timedelta(microseconds=1)
    assert chain.next_instant(now, now - dt.timedelta(days=1)) == now
