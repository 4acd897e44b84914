"""Keys: one in use, each names the next, and the private half stays in its file."""

import stat
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger import keys, notes, schema
from ledger.notes import PublicKey, Signer
from ledger.proof_errors import (
    BadSignature,
    KeyInUse,
    LostPrivateKey,
    NoSigningKey,
    TornKey,
    TornNote,
    UnknownSigner,
)
from tests.ledger.desk import Desk, Dice
from tests.ledger.vault import ORIGIN, Vault


@pytest.fixture
def vault(desk: Desk, tmp_path: Path) -> Vault:
    return Vault(desk, tmp_path)


def test_a_private_key_can_be_read_by_us_alone(vault: Vault) -> None:
    key = vault.begin().key
    path = keys.private_path(vault.secrets, key.public)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(vault.secrets.stat().st_mode) == 0o700
    assert keys.load(vault.secrets, key).key == key
    assert path.read_bytes().startswith(b"-----BEGIN PRIVATE KEY-----")


def test_a_private_key_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    keys.make_private(tmp_path, draw=Dice())
    with pytest.raises(FileExistsError):
        keys.make_private(tmp_path, draw=Dice())


def test_a_book_without_a_key_says_so(vault: Vault) -> None:
    with pytest.raises(NoSigningKey):
        vault.key()


def test_a_key_is_replaced_and_the_old_one_names_the_new_one(vault: Vault) -> None:
    first = vault.begin()
    second = vault.rotate()
    with vault.desk.engine.connect() as connection:
        before, after = keys.every(connection, vault.desk.book_id)
        assert keys.in_use(connection, vault.desk.book_id) == after
    assert (before.key, after.key) == (first.key, second.key)
    assert (before.retired_at, before.handover) == (second.valid_from, None)
    assert after.key.name == ORIGIN
    assert after.handover is not None
    assert keys.check_handover(after.handover, first.key) == second.key


def test_a_key_that_was_replaced_long_ago_keeps_its_time(vault: Vault) -> None:
    first, second, third = vault.begin(), vault.rotate(), vault.rotate()
    with vault.desk.engine.connect() as connection:
        times = [
            (each.key, each.valid_from, each.retired_at)
            for each in keys.every(connection, vault.desk.book_id)
        ]
    assert times == [
        (first.key, first.valid_from, second.valid_from),
        (second.key, second.valid_from, third.valid_from),
        (third.key, third.valid_from, None),
    ]


def test_a_key_whose_private_half_is_lost_is_replaced_without_its_word(vault: Vault) -> None:
    vault.begin()
    assert vault.rotate(without_old=True).handover is None


def test_nobody_but_the_old_key_can_name_the_next(vault: Vault) -> None:
    first = vault.begin()
    note = vault.rotate().handover
    assert note is not None
    stranger = Signer.of(ORIGIN, keys.make_private(vault.home / "else"))
    old = keys.load(vault.secrets, first.key)
    with pytest.raises(UnknownSigner):
        keys.check_handover(note, stranger.key)
    with pytest.raises(BadSignature):
        keys.check_handover(note.replace("from 2026", "from 2025"), first.key)
    half = notes.sign(f"{ORIGIN}\nkey {stranger.key}\nfrom today\n", old)
    with pytest.raises(UnknownSigner) as unsigned:
        keys.check_handover(half, first.key)
    assert unsigned.value.signers == (str(first.key),)
    assert unsigned.value.trusted == (str(stranger.key),)
    for text in (f"{ORIGIN}\nkey {stranger.key}\n", f"{ORIGIN}\nsize\nfrom\n", "x\nkey y\nz\n"):
        with pytest.raises(TornNote) as torn:
            keys.check_handover(notes.sign(text, old), first.key)
        assert torn.value.detail == "handover"


def test_a_name_is_begun_once(vault: Vault) -> None:
    vault.begin()
    with pytest.raises(KeyInUse):
        vault.begin()
    vault.begin(f"{ORIGIN}/2")
    with pytest.raises(KeyInUse):
        vault.begin()


@pytest.mark.parametrize("name", ["", "two words", "a+b", "x" * 201])
def test_a_name_that_no_note_can_carry_is_refused(vault: Vault, name: str) -> None:
    with pytest.raises(TornKey):
        vault.begin(name)


def test_a_private_key_that_is_lost_damaged_or_swapped_is_told(vault: Vault) -> None:
    key = vault.begin().key
    path = keys.private_path(vault.secrets, key.public)
    other = keys.private_path(vault.secrets, vault.rotate().key.public)
    x25519 = X25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    for content in (b"torn", x25519, other.read_bytes(), None):
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
        with pytest.raises(LostPrivateKey) as refused:
            keys.load(vault.secrets, key)
        assert refused.value.path == str(path)


def test_the_tables_keep_one_key_in_use_and_every_key_there_was(vault: Vault) -> None:
    key = vault.begin().key
    with pytest.raises(IntegrityError), vault.desk.writing() as connection:
        connection.execute(
            sa.insert(schema.signing_key).values(
                book_id=vault.desk.book_id,
                public_key=bytes(32),
                origin=ORIGIN,
                valid_from=vault.now,
            )
        )
    for statement in ("DELETE FROM signing_key", "UPDATE signing_key SET origin = 'x'"):
        with (
            pytest.raises(DBAPIError, match="is kept for ever"),
            vault.desk.writing() as connection,
        ):
            connection.exec_driver_sql(statement)
    assert vault.key() == key == PublicKey.parse(str(key))
