"""Seal the books: sign what they hold, keep it in the database, and lay it outside as well.

The key is made at the first seal, so nobody has to set anything up. What was signed goes to
`<home>/checkpoints/<book>/`, a folder that may be copied anywhere and shown to anyone; the private
keys are in `<home>/keys/<book>/`, for nobody but us.
"""

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from ledger import checkpoints, keys, proofs, published
from ledger.checkpoints import Checkpoint
from ledger.errors import LedgerRefusal
from ledger.keys import SigningKey
from ledger.notes import Signer
from ledger.proof_errors import NoSigningKey
from ledger.verify import Problem
from timebank.communities import queries as communities
from timebank.communities.models import Community
from timebank.config import Settings
from timebank.db import db
from timebank.web.session import run_in_transaction

#: The night ends, where the community lives.
NIGHT_ENDS = dt.time(3)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Vault:
    """Where a community's keys and published checkpoints are, and the name it signs under."""

    secrets: Path
    folder: Path
    origin: str

    @classmethod
    def of(cls, settings: Settings, community: Community) -> Self:
        """The vault of a community in this installation."""
        host = urlsplit(settings.base_url).netloc.lower()
        # A book that was begun anew under the same address is another book.
        book = f"{community.slug}-{community.id.hex[-12:]}"
        return cls(
            secrets=settings.home / "keys" / book,
            folder=settings.home / "checkpoints" / book,
            origin=f"{host}/at/{community.slug}",
        )


def seal(community: Community, vault: Vault, *, now: dt.datetime) -> Checkpoint | None:
    """Sign what is new in a community's book; again at once changes nothing.

    Runs its own transactions: a long read first, then a moment in which it writes.

    Args:
        community: Whose book.
        vault: Where its keys and checkpoints are.
        now: When.

    Returns:
        The checkpoint, or None where nothing was recorded since the last one.

    Raises:
        NotSealed: If the book is not what was signed before; the subclass says how.
        LostPrivateKey: If the key in use is not where it is kept.
        OSError: If the folder can not be written. The checkpoint is kept in the database, and
            laid there the next time.
    """
    book_id, origin = community.id, _origin(community)
    with db.engine.connect() as connection:
        known = published.newest(vault.folder, origin or vault.origin)
        drafted = checkpoints.draft(connection, book_id, published=known)
    sealed = None
    if drafted is not None:
        if origin is None:
            begin(community, vault, vault.origin, now=now)

        def keep(session: Session) -> Checkpoint:
            connection = session.connection()
            signer = keys.load(vault.secrets, keys.in_use(connection, book_id).key)
            return checkpoints.keep(connection, book_id, drafted, signer, now=now)

        sealed = run_in_transaction(keep)
    publish(community, vault)
    return sealed


def publish(community: Community, vault: Vault) -> None:
    """Lay the newest checkpoint and the public keys outside, unless they lie there."""
    with db.engine.connect() as connection:
        newest = checkpoints.latest(connection, community.id)
        every = keys.every(connection, community.id)
    if newest is not None:
        published.put_checkpoint(vault.folder, newest)
    if every:
        published.put_keys(vault.folder, every)


def begin(community: Community, vault: Vault, origin: str, *, now: dt.datetime) -> SigningKey:
    """Make a key that signs under a name the book did not have.

    Raises:
        KeyInUse: If the book signs under this name already.
    """
    signer = Signer.of(origin, keys.make_private(vault.secrets))
    try:
        return run_in_transaction(
            lambda session: keys.begin(session.connection(), community.id, signer, now=now)
        )
    except LedgerRefusal:
        keys.private_path(vault.secrets, signer.key.public).unlink()
        raise


def rotate(
    community: Community, vault: Vault, *, now: dt.datetime, is_lost: bool = False
) -> SigningKey:
    """Replace the key in use; the old one names the new one, and is then destroyed.

    Args:
        community: Whose book.
        vault: Where its keys are.
        now: When.
        is_lost: Whether the private half of the old key is gone, so that it can say nothing.

    Raises:
        NoSigningKey: If there is no key yet.
        LostPrivateKey: If the old key is gone and nobody said so.
    """
    with db.engine.connect() as connection:
        before = keys.in_use(connection, community.id).key
    old = None if is_lost else keys.load(vault.secrets, before)
    signer = Signer.of(before.name, keys.make_private(vault.secrets))
    made = run_in_transaction(
        lambda session: keys.rotate(session.connection(), community.id, signer, old=old, now=now)
    )
    keys.private_path(vault.secrets, before.public).unlink(missing_ok=True)
    publish(community, vault)
    return made


def problems(connection: Connection, community: Community, vault: Vault) -> Iterator[Problem]:
    """Hold a community's book against everything that was ever signed."""
    return proofs.problems(
        connection,
        community.id,
        published=published.notes_in(vault.folder),
        trusted=published.keys_in(vault.folder),
    )


def seal_after_night(settings: Settings, *, now: dt.datetime) -> int:
    """Seal every book whose last checkpoint is from before this night; return how many.

    One that can not be sealed is named in the log, and holds up no other.
    """
    done = 0
    for community in communities.every(db.session()):
        if not is_due(community, now=now):
            continue
        try:
            done += seal(community, Vault.of(settings, community), now=now) is not None
        except LedgerRefusal as refusal:
            log.exception("the book of %s is not sealed: %s", community.slug, refusal.reason)
        except OSError:
            log.exception("the checkpoint of %s was not laid outside", community.slug)
    return done


def is_due(community: Community, *, now: dt.datetime) -> bool:
    """Tell whether a night has ended since the book was last sealed."""
    with db.engine.connect() as connection:
        newest = checkpoints.latest(connection, community.id)
    return newest is None or newest.signed_at < last_night(community.time_zone, now=now)


def last_night(time_zone: str, *, now: dt.datetime) -> dt.datetime:
    """The end of the last night that is over, where the community lives."""
    local = now.astimezone(ZoneInfo(time_zone))
    end = local.replace(hour=NIGHT_ENDS.hour, minute=0, second=0, microsecond=0)
    return end if end <= local else end - dt.timedelta(days=1)


def _origin(community: Community) -> str | None:
    """The name the book signs under now; it stays, wherever the community moves."""
    with db.engine.connect() as connection:
        try:
            return keys.in_use(connection, community.id).key.name
        except NoSigningKey:
            return None
