import datetime as dt
import secrets
from typing import Any
from uuid import RFC_4122

import pytest

from ledger import entries
from ledger.entries import EntryRequest, LegRequest, uuid7
from ledger.errors import BadField, BadMinutes, LedgerError, SameAccount, UnsupportedKind
from tests.ledger.desk import ANN, BEN, BOOK, OTHER_BOOK

NOW = dt.datetime(2026, 1, 2, 10, tzinfo=dt.UTC)


def request(**changed: Any) -> EntryRequest:
    values: dict[str, Any] = {
        "book_id": BOOK,
        "kind": "exchange",
        "legs": (LegRequest(ANN, BEN, 60),),
        "occurred_on": dt.date(2026, 1, 2),
        "actor": None,
        "category": "company",
        "idem_key": "key-1",
    }
    return EntryRequest(**(values | changed))


@pytest.mark.parametrize("minutes", [0, -1, 1.0, "60", True, None, 6_000_001])
def test_only_whole_minutes_within_reason_move(minutes: Any) -> None:
    with pytest.raises(BadMinutes) as refused:
        LegRequest(ANN, BEN, minutes)
    assert refused.value.facts == {"minutes": minutes, "minutes_max": 6_000_000}


@pytest.mark.parametrize("minutes", [1, 6_000_000])
def test_one_minute_and_a_hundred_thousand_hours_move(minutes: int) -> None:
    assert LegRequest(ANN, BEN, minutes).values == (ANN, BEN, minutes)


def test_nobody_pays_themselves() -> None:
    with pytest.raises(SameAccount, match=r"same-account: code=M000001"):
        LegRequest(ANN, ANN, 60)


@pytest.mark.parametrize(("payer", "payee"), [("Anna", BEN), (ANN, "Ben"), (None, BEN)])
def test_a_leg_names_codes_and_not_people(payer: Any, payee: Any) -> None:
    with pytest.raises(BadField) as refused:
        LegRequest(payer, payee, 60)
    wrong = ("payer_code", payer) if payer != ANN else ("payee_code", payee)
    assert (refused.value.field, refused.value.value) == wrong


@pytest.mark.parametrize("kind", ["capture", "release", "expiry"])
def test_only_what_resolves_a_hold_names_one(kind: str) -> None:
    with pytest.raises(UnsupportedKind, match=kind):
        request(kind=kind)
    with pytest.raises(UnsupportedKind, match="exchange"):
        request(hold_id=BOOK)
    assert request(kind=kind, hold_id=BOOK).hold_id == BOOK


def test_a_retry_of_what_never_knew_of_holds_is_still_recognised() -> None:
    """The meaning of an exchange is what it was before there were holds, to the letter."""
    legs = [(ANN, BEN, 60)]
    meant = ["exchange", legs, "2026-01-02", "company", None, "", ""]
    assert request().meaning() == meant
    hold = request(kind="hold", expires_at=NOW)
    assert hold.meaning() == ["hold", *meant[1:], "", "2026-01-02T10:00:00.000000Z"]


@pytest.mark.parametrize("kind", ["clearing", "loan"])
def test_kinds_that_are_not_posted_yet_are_refused_by_name(kind: str) -> None:
    with pytest.raises(UnsupportedKind, match=kind):
        request(kind=kind)


def test_a_reversal_names_its_entry_and_nothing_else_does() -> None:
    with pytest.raises(UnsupportedKind):
        request(kind="reversal")
    with pytest.raises(UnsupportedKind):
        request(kind="exchange", reverses=BOOK)
    assert request(kind="reversal", reverses=BOOK).reverses == BOOK


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("legs", ()),
        ("legs", (LegRequest(ANN, BEN, 1),) * (entries.LEGS_MAX + 1)),
        ("occurred_on", NOW),
        ("occurred_on", "2026-01-02"),
        ("category", ""),
        ("category", "Food & drink"),
        ("category", "x" * 61),
        ("category", 'company"\n2026-01-01 open Assets:Evil'),
        ("idem_key", ""),
        ("idem_key", "a key"),
        ("idem_key", "x" * 101),
        ("memo", ""),
        ("memo", "x" * 2_001),
        ("memo", "nothing\x00here"),
        ("memo", "half \ud800"),
        ("expires_at", NOW),
    ],
)
def test_what_can_not_be_written_down_is_refused_with_its_name(field: str, value: Any) -> None:
    with pytest.raises(BadField) as refused:
        request(**{field: value})
    told = len(value) if field == "legs" else value
    assert (refused.value.field, refused.value.value) == (field, told)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("legs", (LegRequest(ANN, BEN, 1),) * 500),
        ("category", "x" * 60),
        ("idem_key", "x" * 100),
        ("memo", "x" * 2_000),
        ("memo", "ø" * 2_000),
    ],
)
def test_the_most_that_can_be_written_down_is_taken(field: str, value: Any) -> None:
    assert getattr(request(**{field: value}), field) == value


@pytest.mark.parametrize("value", [dt.date(2026, 1, 9), dt.datetime(2026, 1, 9), "tomorrow"])  # noqa: DTZ001 -- the point of the test
def test_a_hold_ends_at_a_time_that_knows_its_zone(value: Any) -> None:
    with pytest.raises(BadField, match="expires_at"):
        request(kind="hold", expires_at=value)


def test_who_asks_is_not_part_of_what_is_meant() -> None:
    assert request(actor=BOOK).meaning() == request(actor=None).meaning()
    assert request(memo="Thanks").meaning() != request().meaning()


def test_what_an_entry_refers_to_is_part_of_what_is_meant() -> None:
    """Else a retry that takes back, replaces or resolves another entry were called the same."""
    for facts in (
        {"corrects": BOOK},
        {"kind": "reversal", "reverses": BOOK},
        {"kind": "capture", "hold_id": BOOK},
    ):
        other = {name: OTHER_BOOK if value == BOOK else value for name, value in facts.items()}
        assert request(**facts).meaning() == request(**facts).meaning()
        assert request(**facts).meaning() != request(**other).meaning()


def test_ids_are_version_seven_and_sort_by_time() -> None:
    first, second = (uuid7(NOW + dt.timedelta(seconds=n), secrets.token_bytes) for n in (0, 1))
    assert first < second
    assert (first.version, first.variant) == (7, RFC_4122)
    assert uuid7(NOW, lambda count: b"\xff" * count).hex == "019b7e265500" + "7fffbfffffffffffffff"
    odd = NOW + dt.timedelta(milliseconds=1)
    assert uuid7(odd, bytes).hex == "019b7e265501" + "70008000000000000000"


def test_errors_name_their_reason_and_facts() -> None:
    assert str(LedgerError()) == "ledger-error: "
    assert str(BadField("memo", "")) == "bad-field: field=memo, value="
