"""A desk whose book is signed: keys in a folder, checkpoints in another."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import Connection

from ledger import checkpoints, keys, proofs, published
from ledger.checkpoints import Checkpoint
from ledger.keys import SigningKey
from ledger.notes import PublicKey, Signer
from ledger.receipts import Receipt
from ledger.verify import Problem
from tests.ledger.desk import Desk, Dice

ORIGIN = "village.example/at/village"
SIGNED_AT = dt.datetime(2026, 3, 1, 2, tzinfo=dt.UTC)


@dataclass
class Vault:
    """Signs one book."""

    desk: Desk
    home: Path
    now: dt.datetime = SIGNED_AT
    dice: Dice = field(default_factory=Dice)

    @property
    def secrets(self) -> Path:
        return self.home / "keys"

    @property
    def folder(self) -> Path:
        return self.home / "checkpoints"

    def begin(self, origin: str = ORIGIN) -> SigningKey:
        """Make a key and put it in use."""
        signer = Signer.of(origin, keys.make_private(self.secrets, draw=self.dice))
        self.now += dt.timedelta(days=1)
        with self.desk.writing() as connection:
            return keys.begin(connection, self.desk.book_id, signer, now=self.now)

    def rotate(self, *, without_old: bool = False) -> SigningKey:
        """Replace the key in use."""
        private = keys.make_private(self.secrets, draw=self.dice)
        self.now += dt.timedelta(days=1)
        with self.desk.writing() as connection:
            before = keys.in_use(connection, self.desk.book_id).key
            old = None if without_old else keys.load(self.secrets, before)
            signer = Signer.of(before.name, private)
            return keys.rotate(connection, self.desk.book_id, signer, old=old, now=self.now)

    def seal(self) -> Checkpoint | None:
        """Sign what is new, and publish it."""
        self.now += dt.timedelta(days=1)
        with self.desk.writing() as connection:
            checkpoint = self.seal_in(connection)
            every = keys.every(connection, self.desk.book_id)
        if checkpoint is not None:
            published.put_checkpoint(self.folder, checkpoint)
            published.put_keys(self.folder, every)
        return checkpoint

    def seal_in(self, connection: Connection) -> Checkpoint | None:
        book_id = self.desk.book_id
        key = keys.in_use(connection, book_id).key
        known = published.newest(self.folder, key.name)
        drafted = checkpoints.draft(connection, book_id, published=known)
        if drafted is None:
            return None
        signer = keys.load(self.secrets, key)
        return checkpoints.keep(connection, book_id, drafted, signer, now=self.now)

    def key(self) -> PublicKey:
        """The key in use."""
        with self.desk.engine.connect() as connection:
            return keys.in_use(connection, self.desk.book_id).key

    def receipt(self, entry_id: UUID) -> Receipt:
        """A receipt under the newest checkpoint."""
        with self.desk.engine.connect() as connection:
            return checkpoints.receipt(connection, self.desk.book_id, entry_id)

    def problems_in(self, connection: Connection, *, outside: bool = True) -> list[Problem]:
        """What does not fit what was signed."""
        return list(
            proofs.problems(
                connection,
                self.desk.book_id,
                published=published.notes_in(self.folder) if outside else (),
                trusted=published.keys_in(self.folder) if outside else (),
            )
        )

    def problems(self) -> list[Problem]:
        with self.desk.engine.connect() as connection:
            return self.problems_in(connection)


def post_many(desk: Desk, count: int) -> list[UUID]:
    """Post so many entries in one transaction."""
    with desk.writing() as connection:
        return [
            desk.post_in(connection, desk.request(minutes=1 + n % 2, legs=_legs(n))).entry_id
            for n in range(count)
        ]


def _legs(n: int) -> tuple[tuple[str, str, int], ...]:
    payer, payee = ("M000001", "M000002") if n % 2 else ("M000002", "M000001")
    return ((payer, payee, 1 + n % 7),)
