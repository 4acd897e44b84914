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


def read(
    entries: Sequence[ChainedEntry], balances: Figures, /, *, start: str = "", **said: Any
) -> plugin.Reading:
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
    )._replace(**said)
    reading = plugin.Reading(facts, lambda _meta: "2026/01.beancount")
    reading.run(directives)
    return reading


def told_of(wrong: plugin.WrongError) -> str:
    """What is told, and where: of a file, or there where it is written."""
    assert str(wrong) == wrong.message
    assert wrong.file == "" or wrong.directive is None
    where = f"{wrong.file}: " if wrong.file else "there: " if wrong.directive is not None else ""
    return f"{where}{wrong.reason}: {wrong.message}"


def refused(*entries: ChainedEntry, balances: Figures | None = None) -> str:
    """Why the plugin refuses these entries."""
    with pytest.raises(plugin.WrongError) as wrong:
        read(entries, balances or {})
    return told_of(wrong.value)


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
    ("wrong", "told"),
    [
        (
            entry(2, "capture", (ANN, BEN, 61), **OF_HOLD),
            "there: over-hold: entry 2 takes more than was set aside",
        ),
        (
            entry(2, "capture", (ANN, BEN, 30), (ANN, BEN, 31), **OF_HOLD),
            "there: over-hold: entry 2 takes more than was set aside",
        ),
        (
            entry(2, "capture", (ANN, CAT, 1), **OF_HOLD),
            "there: over-hold: entry 2 takes more than was set aside",
        ),
        (entry(2, "capture", (ANN, BEN, 1)), "there: no-hold: entry 2 settles no open hold"),
        (
            entry(2, "exchange", (ANN, BEN, 1), **OF_HOLD, key="odd"),
            "there: bad-hold: entry 2 gives back other hours than were set aside",
        ),
        (
            entry(2, "release", (ANN, BEN, 59), **OF_HOLD),
            "there: bad-hold: entry 2 gives back other hours than were set aside",
        ),
        (
            entry(2, "expiry", (ANN, BEN, 60), **OF_HOLD),
            "there: bad-hold: entry 2 gives back too early",
        ),
        (
            entry(2, "release", (ANN, BEN, 60), hold="f" * 32),
            "there: no-hold: entry 2 settles no open hold",
        ),
        (
            entry(2, "hold", (ANN, BEN, 60), expires="2026-01-01T02:00:00.000000Z"),
            "there: bad-hold: entry 2 was over before it began",
        ),
        (entry(2, key="key-1"), "there: same-key: entry 2 repeats a key"),
        (
            entry(2, "reversal", (BEN, ANN, 60), rev="f" * 32),
            "there: no-mirror: entry 2 is no mirror image of its original",
        ),
        (entry(2, at=HOLD.at), "there: wrong-order: entry 2 is older than the one before it"),
        (
            entry(2, at="2026-02-01T02:00:00.000000Z"),
            "there: wrong-day: entry 2 stands under another day",
        ),
        (entry(3), "there: missing-entry: entry 3 follows where 2 is missing"),
    ],
)
def test_what_can_not_be_true_is_named(wrong: ChainedEntry, told: str) -> None:
    assert refused(HOLD, wrong) == told


def test_a_hold_is_settled_once() -> None:
    release = entry(2, "release", (ANN, BEN, 60), **OF_HOLD)
    again = entry(3, "capture", (ANN, BEN, 60), **OF_HOLD)
    told = refused(HOLD, release, again)
    assert told == "there: second-settlement: entry 3 settles a hold once more"


def test_a_hold_without_end_does_not_expire() -> None:
    hold = HOLD._replace(expires="")
    told = refused(hold, entry(2, "expiry", (ANN, BEN, 60), **OF_HOLD))
    assert told == "there: bad-hold: entry 2 gives back too early"


def test_what_was_taken_back_is_taken_back_once() -> None:
    back = entry(2, "reversal", (BEN, ANN, 60), rev=entry(1).id)
    again = entry(3, "reversal", (BEN, ANN, 60), rev=entry(1).id)
    assert refused(entry(1), back, again) == "there: second-reversal: entry 3 takes back once more"


def test_an_account_that_the_balances_do_not_know_is_named() -> None:
    """Also one that only has hours set aside for it."""
    of_ann = {ANN: (0, 60, 0, 1)}
    assert refused(HOLD, balances=of_ann) == "BALANCES: other-balances: does not know M000002"
    both = {ANN: (-60, 0, 0, 1), CAT: (0, 0, 0, 0)}
    assert refused(entry(1), balances=both) == "BALANCES: other-balances: does not know M000002"
    assert refused(entry(1)) == "BALANCES: other-balances: does not know M000001"
    wrong = {ANN: (-60, 0, 0, 1), BEN: (60, 0, 7, 1)}
    assert refused(entry(1), balances=wrong) == (
        "BALANCES: other-balances: says M000002 has 60, 0, 7, 1; the entries add up to 60, 0, 0, 1"
    )


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"entries": 2}, "missing-entry: speaks of 2 entries, and 1 are there"),
        ({"chain": "0" * 64}, "broken-chain: has another chain than its entries lead to"),
        ({"recorded": "2026"}, "broken-chain: has another recorded than its entries lead to"),
        ({"tree": ""}, "broken-chain: has another tree than its entries lead to"),
    ],
)
def test_a_head_that_fits_no_entries_is_named(changed: dict[str, Any], told: str) -> None:
    with pytest.raises(plugin.WrongError) as wrong:
        read([entry(1)], {ANN: (-60, 0, 0, 1), BEN: (60, 0, 0, 1)}, **changed)
    assert told_of(wrong.value) == f"HEAD: {told}"


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
    ("text", "told"),
    [
        ("", "no-book: the books do not say once whose they are"),
        (WHOSE * 2, "no-book: the books do not say once whose they are"),
        (WHOSE + START * 2, "no-book: the books do not say once whose they are"),
        (WHOSE.replace(BOOK, "1" * 32), "HEAD: other-book: is of another book than the files"),
        (
            WHOSE + START.replace("ab" * 32, ""),
            "there: torn-start: the tree before the year is not whole",
        ),
        (WHOSE + OPENING, "there: foreign-entry: opens balances a second time"),
        (
            WHOSE + START + OPENING.replace("4", "5"),
            "there: foreign-entry: opens balances a second time",
        ),
        (
            WHOSE + START + OPENING + "  Assets:Pots  0 MIN\n",
            "there: bad-leg: Assets:Pots is not ours",
        ),
        (
            WHOSE + '2026-01-01 custom "timebank-hold" "gift"\n  seq: 1\n',
            "there: bad-hold: entry 1 'gift' sets nothing aside",
        ),
        (
            WHOSE + '2026-01-01 * "x" "y"\n  seq: 1\n',
            "there: bad-leg: entry 1 has a posting without its pair",
        ),
        (
            WHOSE + '2026-01-01 event "x" "y"\n',
            "there: foreign-line: Event is no part of these books",
        ),
        (
            WHOSE + "2026-01-01 open Assets:Cash\n",
            "there: foreign-account: Assets:Cash is not ours",
        ),
    ],
)
def test_what_is_no_part_of_the_books_is_named(text: str, told: str) -> None:
    with pytest.raises(plugin.WrongError) as wrong:
        run(text)
    assert told_of(wrong.value) == told


def test_opening_balances_that_do_not_add_up_are_named() -> None:
    opened = f"{OPENING}  {NAMES[ANN]}  5 MIN\n  {NAMES[BEN]}  -4 MIN\n"
    with pytest.raises(plugin.WrongError) as wrong:
        run(WHOSE + START + opened, recorded="2027-")
    assert told_of(wrong.value) == "not-zero: all accounts add up to 1 MIN, not to 0"


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
    not_these = "not-under-checkpoint: what was signed are not these 4 entries"
    for root, told in ((edge, None), (bytes(32), f"CHECKPOINT: {not_these}")):
        sealed = plugin.Sealed("CHECKPOINT", 4, root, GENESIS.hex(), b"")
        facts = {"signed": [sealed], "recorded": "2027-"}
        if told is None:
            run(WHOSE + START, **facts)
            continue
        with pytest.raises(plugin.WrongError) as wrong:
            run(WHOSE + START, **facts)
        assert told_of(wrong.value) == told
