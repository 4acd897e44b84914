"""Receipts: a stranger can check them, and is told exactly what is wrong."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import notes, receipts
from ledger.chain import ChainedEntry, ChainedLeg, canonical, leaf
from ledger.merkle import Frontier, inclusion
from ledger.notes import Head
from ledger.proof_errors import (
    BadSignature,
    NothingTrusted,
    NotProven,
    NotUnderHead,
    OtherCheckpoint,
    OtherPlace,
    SplitView,
    TornReceipt,
    UnknownSigner,
)
from ledger.receipts import Receipt, check
from tests.ledger.test_notes import ORIGIN, OTHER, SIGNER

GOLDEN = Path(__file__).with_name("receipt.txt")
WORDS = ["Dear Ann,", "", "keep this file."]


def entry(seq: int, minutes: int = 60) -> ChainedEntry:
    return ChainedEntry(
        book="0190a0a0000070008000000000000001",
        seq=seq,
        id=f"{seq:032x}",
        kind="exchange",
        category="company",
        at=f"2026-01-02T10:{seq:02}:00.000000Z",
        on="2026-01-02",
        actor="",
        key=f"key-{seq}",
        rev="",
        hold="",
        expires="",
        corrects="",
        memo="00" * 32,
        legs=(ChainedLeg("M000001", "M000002", minutes),),
    )


CANONS = [canonical(entry(seq)) for seq in range(1, 12)]


def note_over(size: int, *signers: notes.Signer, canons: list[bytes] = CANONS) -> str:
    edge = Frontier()
    for canon in canons[:size]:
        edge.add(leaf(canon))
    return notes.sign(Head(ORIGIN, size, edge.head(), bytes(32)).text(), *signers or (SIGNER,))


def receipt_of(seq: int, size: int = 11) -> Receipt:
    leaves = [leaf(canon) for canon in CANONS]
    proof = inclusion(lambda _tier, first, count: leaves[first : first + count], seq - 1, size)
    return Receipt(CANONS[seq - 1], seq - 1, proof, note_over(size))


RECEIPT = receipt_of(7)
TEXT = RECEIPT.text(WORDS)


def test_a_receipt_is_a_text_that_comes_back_as_it_was() -> None:
    assert RECEIPT.text(["Dear Ann, "]).startswith("timebank-receipt 1\n# Dear Ann,\n{")
    assert TEXT.startswith("timebank-receipt 1\n# Dear Ann,\n#\n# keep this file.\n{")
    assert Receipt.parse(TEXT) == RECEIPT == Receipt.parse(RECEIPT.text())
    alone = receipt_of(1, 1)
    assert alone.proof == ()
    assert Receipt.parse(alone.text()) == alone


def test_a_receipt_of_today_can_be_read_in_ten_years() -> None:
    """The golden receipt: what it says and proves may never change."""
    assert GOLDEN.read_text("utf-8") == TEXT
    proven = check(Receipt.parse(TEXT), keys=[SIGNER.key])
    assert proven.entry == entry(7)
    assert (proven.head.size, proven.signers, proven.is_published) == (11, (SIGNER.key,), False)


def test_every_entry_of_every_size_is_proven() -> None:
    for size in range(1, 12):
        for seq in range(1, size + 1):
            assert check(receipt_of(seq, size), keys=[SIGNER.key]).entry == entry(seq)


def test_a_receipt_is_checked_by_a_computer_without_database_or_web() -> None:
    program = (
        "import sys; from pathlib import Path; from ledger.receipts import Receipt, check;"
        "from ledger.notes import PublicKey;"
        "print(check(Receipt.parse(Path(sys.argv[1]).read_text('utf-8')),"
        " keys=[PublicKey.parse(sys.argv[2])]).entry.seq);"
        "print(sorted({'sqlalchemy', 'flask', 'timebank'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(GOLDEN), str(SIGNER.key)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "7\n[]\n"


def test_a_published_checkpoint_is_as_good_as_a_key() -> None:
    elsewhere = notes.sign(Head("elsewhere.example", 11, bytes(32), bytes(32)).text(), OTHER)
    published = [elsewhere, note_over(5), note_over(11)]
    proven = check(RECEIPT, published=published)
    assert (proven.signers, proven.is_published) == ((), True)
    assert check(RECEIPT, keys=[SIGNER.key], published=published).is_published


def test_a_checkpoint_that_was_never_published_is_named() -> None:
    elsewhere = notes.sign(Head("elsewhere.example", 11, bytes(32), bytes(32)).text(), OTHER)
    with pytest.raises(OtherCheckpoint) as refused:
        check(RECEIPT, published=[note_over(5), elsewhere])
    assert (refused.value.size, refused.value.published) == (11, (5,))


def test_two_people_who_were_shown_two_books_find_out() -> None:
    other = [*CANONS[:3], canonical(entry(4, minutes=61)), *CANONS[4:]]
    with pytest.raises(SplitView) as refused:
        check(RECEIPT, keys=[SIGNER.key], published=[note_over(11, canons=other)])
    assert (refused.value.origin, refused.value.size) == (ORIGIN, 11)


def test_a_receipt_that_nobody_can_be_trusted_for_proves_nothing() -> None:
    with pytest.raises(NothingTrusted):
        check(RECEIPT)
    with pytest.raises(UnknownSigner):
        check(RECEIPT, keys=[OTHER.key])


def test_another_figure_in_the_entry_is_seen() -> None:
    with pytest.raises(NotUnderHead) as refused:
        check(Receipt.parse(TEXT.replace(",60]", ",90]")), keys=[SIGNER.key])
    assert (refused.value.seq, refused.value.size) == (7, 11)


def test_another_size_under_the_signature_is_seen() -> None:
    with pytest.raises(BadSignature):
        check(Receipt.parse(TEXT.replace("\n11\n", "\n12\n")), keys=[SIGNER.key])


def test_the_proof_of_another_place_is_seen() -> None:
    with pytest.raises(OtherPlace) as refused:
        check(replace(RECEIPT, index=5), keys=[SIGNER.key])
    assert (refused.value.seq, refused.value.proven_seq) == (7, 6)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(RECEIPT, proof=RECEIPT.proof[:-1]),
        replace(RECEIPT, proof=(*RECEIPT.proof, bytes(32))),
        replace(RECEIPT, proof=(bytes(32), *RECEIPT.proof[1:])),
        replace(RECEIPT, note=note_over(6)),
        replace(RECEIPT, note=note_over(10)),
    ],
)
def test_a_proof_that_leads_elsewhere_is_seen(wrong: Receipt) -> None:
    with pytest.raises(NotUnderHead):
        check(wrong, keys=[SIGNER.key])


@pytest.mark.parametrize(
    "canon",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        CANONS[6].replace(b'"v":1', b'"v":2'),
        CANONS[6].replace(b'"seq":7', b'"seq": 7'),
        CANONS[6].replace(b'"seq":7', b'"seq":7,"seq":7'),
        CANONS[6].replace(b'"seq":7', b'"seq":"7"'),
        CANONS[6].replace(b'"seq":7', b'"seq":true'),
        CANONS[6].replace(b'"seq":7,', b""),
        CANONS[6].replace(b'"seq":7', b'"seq":7,"z":1'),
        CANONS[6].replace(b'[["', b'["').replace(b"60]]", b"60]"),
        json.dumps(json.loads(CANONS[6]), indent=1).encode(),
    ],
)
def test_an_entry_that_could_be_read_in_two_ways_is_none(canon: bytes) -> None:
    """Everything else about the receipt is right: these bytes are what was signed."""
    note = note_over(1, canons=[canon])
    with pytest.raises(TornReceipt) as refused:
        check(Receipt(canon, 0, (), note), keys=[SIGNER.key])
    assert (refused.value.part, refused.value.line) == ("entry", 0)


@pytest.mark.parametrize(
    ("text", "part", "line"),
    [
        ("", "head", 1),
        ("x" * 300_000, "head", 1),
        ("timebank-receipt 2\n", "head", 1),
        ("timebank-receipt 1", "entry", 1),
        ("timebank-receipt 1\n{}", "entry", 2),
        ("timebank-receipt 1\n{}\n", "head", 3),
        (f"timebank-receipt 1\n{{}}\n\n{receipts.PROOF_LAYOUT}", "place", 4),
        ("timebank-receipt 1\n# words", "entry", 2),
        (TEXT.replace("}\n\n", "}\n"), "entry", 6),
        (TEXT.replace("@v1", "@v2"), "head", 7),
        (TEXT.replace("index 6", "index 06"), "place", 8),
        (TEXT.replace("index 6", "place 6"), "place", 8),
        ("\n".join(TEXT.split("\n")[:9]), "proof", 9),
        (TEXT.replace("=\n", "\n", 1), "proof", 9),
        (TEXT.replace("index 6\n", "index 6\nAAAA\n"), "proof", 9),
        (TEXT.partition("village.example")[0], "checkpoint", 14),
        (TEXT.replace("—", "-"), "checkpoint", 14),
        (TEXT.replace("\n", "\r\n"), "head", 1),
    ],
)
def test_a_torn_file_is_named_by_part_and_line(text: str, part: str, line: int) -> None:
    with pytest.raises(TornReceipt) as refused:
        Receipt.parse(text)
    assert (refused.value.part, refused.value.line) == (part, line)


@given(st.integers(0, len(TEXT) - 1), st.characters(codec="utf-8", exclude_characters="#"))
def test_no_letter_of_what_is_proven_can_be_changed(place: int, letter: str) -> None:
    """Only the words for people, at the top, prove nothing."""
    changed = TEXT[:place] + letter + TEXT[place + 1 :]
    try:
        proven = check(Receipt.parse(changed), keys=[SIGNER.key])
    except NotProven:
        return
    assert changed == TEXT or place < TEXT.index("{")
    assert proven.entry == entry(7)


def test_the_largest_entry_fits_in_a_receipt() -> None:
    legs = tuple(ChainedLeg(f"M{n:06}", "activity-" + "x" * 51, 6_000_000) for n in range(500))
    canon = canonical(entry(1)._replace(legs=legs, category="c" * 60, key="k" * 100))
    text = Receipt(canon, 0, (bytes(32),) * 62, note_over(1)).text(["w" * 100] * 40)
    assert len(text) < receipts.LENGTH_MAX
    assert Receipt.parse(text).entry == canon
