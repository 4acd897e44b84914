"""Read what was signed: checkpoints, keys and receipts. Nothing here changes anything."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy.orm import Session

from ledger import checkpoints, entry_views, keys, published
from ledger.checkpoints import Checkpoint
from ledger.errors import UnknownEntry
from ledger.keys import SigningKey
from ledger.notes import to_base64
from ledger.proof_errors import NotSealed, NotYetSealed, UnknownCheckpoint
from ledger.receipts import Receipt
from timebank.hours.errors import (
    NoSuchCheckpointError,
    NoSuchEntryError,
    NotAsSignedError,
    NotSealedYetError,
)
from timebank.hours.policy import Holder

#: Checkpoints on one page.
CHECKPOINTS_ON_A_PAGE = 31


def latest(session: Session, community_id: uuid.UUID) -> Checkpoint | None:
    """The newest checkpoint of a community's book; None before its first night."""
    return checkpoints.latest(session.connection(), community_id)


def listed(
    session: Session,
    community_id: uuid.UUID,
    *,
    before_size: int | None = None,
    limit: int = CHECKPOINTS_ON_A_PAGE,
) -> Sequence[Checkpoint]:
    """The newest checkpoints first, a page at a time; `before_size` is the last one seen."""
    return checkpoints.listed(
        session.connection(), community_id, before_size=before_size, limit=limit
    )


def find(session: Session, community_id: uuid.UUID, size: int) -> Checkpoint:
    """The checkpoint over so many entries.

    Raises:
        NoSuchCheckpointError: If there is none.
    """
    with _in_our_words():
        return checkpoints.find(session.connection(), community_id, size)


def contained(session: Session, community_id: uuid.UUID, older: int, newer: int) -> str:
    """Prove that the book of one checkpoint is contained in that of a later one.

    Returns:
        The proof as text, a hash a line; it was seen to hold.

    Raises:
        NoSuchCheckpointError: If there is none of one of these sizes.
        NotAsSignedError: If the book is no longer what was signed.
    """
    with _in_our_words():
        proof = checkpoints.consistency(session.connection(), community_id, older, newer)
    return "".join(f"{to_base64(hashed)}\n" for hashed in proof)


def keys_of(session: Session, community_id: uuid.UUID) -> Sequence[SigningKey]:
    """Every key that ever signed for a community, the oldest first."""
    return keys.every(session.connection(), community_id)


def keys_text(session: Session, community_id: uuid.UUID) -> str:
    """The public keys as a text to keep."""
    return published.keys_text(keys_of(session, community_id))


def receipt(session: Session, member: Holder, entry_id: uuid.UUID) -> Receipt:
    """A member's receipt for an entry that moved hours of theirs.

    Raises:
        NoSuchEntryError: If there is no such entry, or it is about others.
        NotSealedYetError: If it is newer than the last checkpoint.
        NotAsSignedError: If the book is no longer what was signed.
    """
    connection = session.connection()
    with _in_our_words():
        entry = entry_views.find_entry(connection, member.community_id, entry_id)
        codes = {code for leg in entry.legs for code in (leg.payer_code, leg.payee_code)}
        if member.account_code not in codes:
            raise NoSuchEntryError(entry_id)
        return checkpoints.receipt(connection, member.community_id, entry_id)


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Turn the ledger's refusals into those of the application."""
    try:
        yield
    except UnknownCheckpoint as refusal:
        raise NoSuchCheckpointError(refusal.size) from refusal
    except UnknownEntry as refusal:
        raise NoSuchEntryError(refusal.entry_id) from refusal
    except NotYetSealed as refusal:
        raise NotSealedYetError(refusal.seq) from refusal
    except NotSealed as refusal:
        raise NotAsSignedError(refusal.reason) from refusal
