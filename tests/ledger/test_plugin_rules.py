"""What can not be true, whatever the chain says: rules of the plugin, against forged books.

The books here are made by a liar who knows how to make a chain; only what they say is wrong.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from beancount import loader

from ledger.accounts import book_name
from ledger.audit import plugin
from ledger.books.text import entry_text
from ledger.chain import GENESIS, NO_MEMO, ChainedEntry, ChainedLeg, canonical, leaf, link
from ledger.storage import JournalRow
from tests.ledger.desk import ANN, BEN, CAT

BOOK = "0" * 32
NAMES = {code: book_name(code) for code in (ANN, BEN, CAT)}
OPENS = "".join(
    f"2025-01-01 open {name}  MIN\n"
    for name in (*plugin.PARENTS, *NAMES.values(), "Equity:Opening")
)
Figures = dict[str, tuple[int, int, int, int]]
WHOSE = f'2025-01-01 custom "timebank-book" "{BOOK}" 1\n'


def entry(
    seq: int, kind: str = "exchange", *legs: tuple[str, str, int], **said: str
) -> ChainedEntry:
    """An entry of the first of January, an hour after the one before."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=seq)
    facts = {
        "book": BOOK,
        "seq": seq,
        "id": f"{seq:032x}",
        "kind": kind,
        "category": "company",
        "at": f"{at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "on": "2026-01-01",
        "key": f"key-{seq}",
        "memo": NO_MEMO.hex(),
        "legs": tuple(ChainedLeg(*leg) for leg in legs or ((ANN, BEN, 60),)),
    } | dict.fromkeys(("actor", "rev", "hold", "expires", "corrects"), "")
    return ChainedEntry(**facts | said)  # type: ignore[arg-type]


def read(entries: Sequence[ChainedEntry], balances: Figures, *, start: str = "") -> plugin.Reading:
    """Have the plugin read books that hold these entries and say that they end there."""
    chain, text = GENESIS, OPENS + WHOSE
    tree = plugin.Tree(0, "")
    if start:
        text += f'2026-01-01 custom "timebank-start" 4 "{GENESIS.hex()}" "{start}"\n'
        tree = plugin.Tree(4, start)
    for each in entries:
        hashed = leaf(canonical(each))
        chain = link(chain, hashed)
        tree.add(hashed)
        text += entry_text(JournalRow(each, hashed, chain, 1, ()), NAMES)
    directives, errors, _options = loader.load_string(text)
    assert errors == []
    facts = plugin.Facts(
        book=BOOK,
        entries=entries[-1].seq,
        chain=chain.hex(),
        recorded=entries[-1].at,
        tree=b"".join(hashed for _level, hashed in tree.peaks).hex(),
        balances=balances,
        signed=[],
    )
    reading = plugin.Reading(facts, lambda _meta: "2026/01.beancount")
    reading.run(directives)
    return reading


def refused(*entries: ChainedEntry) -> str:
    """Why the plugin refuses these entries, whatever the balances."""
    with pytest.raises(plugin.WrongError) as wrong:
        read(entries, {})
    return wrong.value.reason


HOLD = entry(1, "hold", (ANN, BEN, 60), expires="2026-01-01T05:00:00.000000Z")
OF_HOLD = {"hold": HOLD.id}
LATER = "2026-01-01T05:00:00.000000Z"


@pytest.mark.parametrize(
    ("settled", "ann", "ben"),
    [
        ([], (0, 60, 0, 1), (0, 0, 60, 1)),
        ([entry(2, "capture", (ANN, BEN, 60), **OF_HOLD)], (-60, 0, 0, 2), (60, 0, 0, 2)),
        ([entry(2, "capture", (ANN, BEN, 1), **OF_HOLD)], (-1, 0, 0, 2), (1, 0, 0, 2)),
        ([entry(2, "release", (ANN, BEN, 60), **OF_HOLD)], (0, 0, 0, 2), (0, 0, 0, 2)),
        ([entry(2, "expiry", (ANN, BEN, 60), **OF_HOLD, at=LATER)], (0, 0, 0, 2), (0, 0, 0, 2)),
    ],
)
def test_what_is_true_passes(
    settled: list[ChainedEntry], ann: tuple[int, ...], ben: tuple[int, ...]
) -> None:
    balances = {ANN: ann, BEN: ben}
    assert read([HOLD, *settled], balances).seq == 1 + len(settled)  # type: ignore[arg-type]
    for code in (ANN, BEN):
        for place in range(4):
            wrong = list(balances[code])
            wrong[place] += 1
            with pytest.raises(plugin.WrongError, match=f"BALANCES|says {code} has"):
                read([HOLD, *settled], balances | {code: tuple(wrong)})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (entry(2, "capture", (ANN, BEN, 61), **OF_HOLD), "over-hold"),
        (entry(2, "capture", (ANN, BEN, 30), (ANN, BEN, 31), **OF_HOLD), "over-hold"),
        (entry(2, "capture", (ANN, CAT, 1), **OF_HOLD), "over-hold"),
        (entry(2, "capture", (ANN, BEN, 1)), "no-hold"),
        (entry(2, "exchange", (ANN, BEN, 1), **OF_HOLD, key="odd"), "bad-hold"),
        (entry(2, "release", (ANN, BEN, 59), **OF_HOLD), "bad-hold"),
        (entry(2, "expiry", (ANN, BEN, 60), **OF_HOLD), "bad-hold"),
        (entry(2, "release", (ANN, BEN, 60), hold="f" * 32), "no-hold"),
        (entry(2, "hold", (ANN, BEN, 60), expires="2026-01-01T02:00:00.000000Z"), "bad-hold"),
        (entry(2, key="key-1"), "same-key"),
        (entry(2, "reversal", (BEN, ANN, 60), rev="f" * 32), "no-mirror"),
        (entry(2, at=HOLD.at), "wrong-order"),
        (entry(2, at="2026-02-01T02:00:00.000000Z"), "wrong-day"),
        (entry(3), "missing-entry"),
    ],
)
def test_what_can_not_be_true_is_named(wrong: ChainedEntry, reason: str) -> None:
    assert refused(HOLD, wrong) == reason


def test_a_hold_is_settled_once() -> None:
    release = entry(2, "release", (ANN, BEN, 60), **OF_HOLD)
    again = entry(3, "capture", (ANN, BEN, 60), **OF_HOLD)
    assert refused(HOLD, release, again) == "second-settlement"


def test_a_hold_without_end_does_not_expire() -> None:
    hold = HOLD._replace(expires="")
    assert refused(hold, entry(2, "expiry", (ANN, BEN, 60), **OF_HOLD)) == "bad-hold"


def test_what_only_sets_aside_is_no_transaction() -> None:
    """Beancount would count it, and the chain would not know."""
    chain = link(GENESIS, leaf(canonical(HOLD))).hex()
    as_moved = entry_text(JournalRow(HOLD._replace(kind="exchange"), b"", b"", 1, ()), NAMES)
    text = as_moved.replace('"exchange"', '"hold"').replace('chain: ""', f'chain: "{chain}"')
    with pytest.raises(plugin.WrongError, match="has a first line that was changed"):
        run(WHOSE + text)


def run(text: str, **facts: Any) -> None:
    """Have the plugin read this, beside the accounts."""
    directives, _errors, _options = loader.load_string(OPENS + text)
    given = plugin.Facts(BOOK, 0, "", "2026-", "", {}, [])._replace(**facts)
    plugin.Reading(given, lambda meta: str(meta.get("file", "2026/01.beancount"))).run(directives)


START = f'2026-01-01 custom "timebank-start" 4 "{GENESIS.hex()}" "{"ab" * 32}"\n'
OPENING = '2025-12-31 * "opening balances"\n  through: 4\n'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no-book"),
        (WHOSE * 2, "no-book"),
        (WHOSE + START * 2, "no-book"),
        (WHOSE.replace(BOOK, "1" * 32), "other-book"),
        (WHOSE + START.replace("ab" * 32, ""), "torn-start"),
        (WHOSE + OPENING, "foreign-entry"),
        (WHOSE + START + OPENING.replace("4", "5"), "foreign-entry"),
        (WHOSE + START + OPENING + "  Assets:Pots  0 MIN\n", "bad-leg"),
        (WHOSE + '2026-01-01 custom "timebank-hold" "gift"\n  seq: 1\n', "bad-hold"),
        (WHOSE + '2026-01-01 * "x" "y"\n  seq: 1\n', "bad-leg"),
        (WHOSE + '2026-01-01 event "x" "y"\n', "foreign-line"),
        (WHOSE + "2026-01-01 open Assets:Cash\n", "foreign-account"),
    ],
)
def test_what_is_no_part_of_the_books_is_named(text: str, reason: str) -> None:
    with pytest.raises(plugin.WrongError) as wrong:
        run(text)
    assert wrong.value.reason == reason


def test_opening_balances_that_do_not_add_up_are_named() -> None:
    opened = f"{OPENING}  {NAMES[ANN]}  5 MIN\n  {NAMES[BEN]}  -4 MIN\n"
    with pytest.raises(plugin.WrongError) as wrong:
        run(WHOSE + START + opened, recorded="2027-")
    assert wrong.value.reason == "not-zero"


def test_a_year_counts_what_refers_to_the_years_before() -> None:
    older = [
        entry(5, "reversal", (BEN, ANN, 60), rev="f" * 32),
        entry(6, "release", (ANN, BEN, 60), hold="f" * 32),
    ]
    balances = {ANN: (60, 9, 9, 9), BEN: (-60, 9, 9, 9)}
    assert read(older, balances, start="ab" * 32).earlier == 2
    with pytest.raises(plugin.WrongError, match="says M000001 has 61; "):
        read(older, balances | {ANN: (61, 9, 9, 9)}, start="ab" * 32)


def test_a_checkpoint_over_what_was_before_the_year_is_checked_at_its_beginning() -> None:
    edge = bytes.fromhex("ab" * 32)
    for root, reason in ((edge, None), (bytes(32), "not-under-checkpoint")):
        sealed = plugin.Sealed("CHECKPOINT", 4, root, GENESIS.hex(), b"")
        facts = {"signed": [sealed], "recorded": "2027-"}
        if reason is None:
            run(WHOSE + START, **facts)
            continue
        with pytest.raises(plugin.WrongError) as wrong:
            run(WHOSE + START, **facts)
        assert wrong.value.reason == reason
