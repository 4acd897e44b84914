"""Signed notes: written as others read them, and nothing crooked is taken for one."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger import notes
from ledger.notes import Head, PublicKey, Signer
from ledger.proof_errors import (
    BadSignature,
    NotProven,
    OtherOrigin,
    TornKey,
    TornNote,
    UnknownSigner,
)

ORIGIN = "village.example/at/village"
SIGNER = Signer.of(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = Signer.of(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
HEAD = Head(ORIGIN, 42, bytes(range(32)), bytes(range(32, 64)))
NOTE = notes.sign(HEAD.text(), SIGNER)
# The same in every version: what was signed once must be readable for ever.
GOLDEN_KEY = "village.example/at/village+085c2d9f+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"


def test_a_checkpoint_is_the_text_that_others_read() -> None:
    assert str(SIGNER.key) == GOLDEN_KEY
    lines = NOTE.split("\n")
    assert lines[:6] == [
        ORIGIN,
        "42",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "chain 202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
        "",
        lines[5],
    ]
    assert lines[5].startswith(f"— {ORIGIN} CFwtn")
    assert lines[6:] == [""]
    assert notes.check_head(NOTE, [SIGNER.key]) == (HEAD, (SIGNER.key,))


def test_the_id_of_a_public_log_s_key_is_worked_out_as_others_do() -> None:
    # The key of Go's checksum database, as that project publishes it.
    text = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(PublicKey.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "village",
        GOLDEN_KEY.replace("085c2d9f", "085c2d90"),
        GOLDEN_KEY.replace("village.example", "village.other"),
        GOLDEN_KEY[:-4],
        GOLDEN_KEY.replace("+AQO", "+AgO"),
        GOLDEN_KEY.replace("AQOh", "AQ=h"),
    ],
)
def test_a_key_that_was_not_copied_whole_is_none(text: str) -> None:
    with pytest.raises(TornKey):
        PublicKey.parse(text)


def test_two_may_sign_one_note_and_strangers_are_passed_over() -> None:
    stranger = Signer.of("elsewhere.example", Ed25519PrivateKey.from_private_bytes(b"s" * 32))
    note = notes.sign(HEAD.text(), stranger, SIGNER, OTHER)
    assert notes.check(note, [SIGNER.key])[1] == (SIGNER.key,)
    assert notes.check(note, [SIGNER.key, OTHER.key])[1] == (SIGNER.key, OTHER.key)
    with pytest.raises(OtherOrigin):
        notes.check_head(note, [stranger.key])


def test_whoever_is_not_known_proves_nothing() -> None:
    with pytest.raises(UnknownSigner) as refused:
        notes.check(NOTE, [OTHER.key])
    assert refused.value.signers == (f"{ORIGIN}+085c2d9f",)
    assert refused.value.trusted == (str(OTHER.key),)


def test_other_words_under_the_same_signature_are_seen() -> None:
    with pytest.raises(BadSignature) as refused:
        notes.check(NOTE.replace("\n42\n", "\n43\n"), [SIGNER.key])
    assert refused.value.signer == f"{ORIGIN}+085c2d9f"


@given(st.integers(0, len(NOTE) - 1), st.characters(codec="utf-8"))
def test_no_letter_of_a_note_can_be_changed(place: int, letter: str) -> None:
    changed = NOTE[:place] + letter + NOTE[place + 1 :]
    if changed != NOTE:
        with pytest.raises(NotProven):
            notes.check_head(changed, [SIGNER.key])


@pytest.mark.parametrize(
    ("note", "detail"),
    [
        ("", "signature-missing"),
        (HEAD.text(), "signature-missing"),
        (NOTE[:-1], "signature-missing"),
        (NOTE.replace("\n", "\r\n"), "control-character"),
        (NOTE.replace("— ", "- "), "signature-line"),
        (f"{HEAD.text()}\n— {ORIGIN} AAAAAA==\n", "signature-line"),
        (f"{HEAD.text()}\n— {ORIGIN} ????\n", "signature-line"),
        (f"{HEAD.text()}\n— a+b AAAAAAAA\n", "signature-line"),
        (notes.sign(HEAD.text(), *[SIGNER] * 17), "too-many-signatures"),
    ],
)
def test_what_is_no_note_says_why(note: str, detail: str) -> None:
    with pytest.raises(TornNote) as refused:
        notes.read(note)
    assert refused.value.detail == detail


@pytest.mark.parametrize(
    ("old", "new", "detail"),
    [
        ("chain ", "", "checkpoint-chain"),
        ("\nchain", "\nmore\nchain", "checkpoint-lines"),
        (ORIGIN, "", "checkpoint-lines"),
        ("\n42\n", "\n042\n", "checkpoint-size"),
        ("\n42\n", "\n-1\n", "checkpoint-size"),
        ("AAECAwQF", "AAECAwQ", "checkpoint-root"),
        ("AAECAwQF", "", "checkpoint-root"),
        ("dHh8=", "dHh9=", "checkpoint-root"),
    ],
)
def test_what_is_no_checkpoint_says_why(old: str, new: str, detail: str) -> None:
    with pytest.raises(TornNote) as refused:
        Head.parse(HEAD.text().replace(old, new))
    assert refused.value.detail == detail


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\x7fb", "a\nb"])
def test_some_names_can_not_sign(name: str) -> None:
    assert not notes.is_name(name)


def test_base64_is_read_in_one_way_only() -> None:
    assert notes.from_base64("AAA=") == b"\x00\x00"
    assert notes.from_base64("AAB=") is None
    assert notes.from_base64("AA\n=") is None
    assert notes.from_base64("é") is None
