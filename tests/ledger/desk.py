"""A desk to keep one book at, with a clock and dice that always fall the same way."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar
from uuid import UUID

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from ledger import holds, journal
from ledger.balances import Balance, balance
from ledger.entries import EntryRequest, LegRequest, Outcome
from ledger.verify import Report, verify
from timebank.db import WRITES

SECRET = b"a secret of the tests, long enough"
BOOK = UUID("0190a0a0-0000-7000-8000-000000000001")
OTHER_BOOK = UUID("0190a0a0-0000-7000-8000-000000000002")
ACTOR = UUID("0190a0a0-0000-7000-8000-00000000000a")
OPENED_AT = dt.datetime(2026, 1, 1, 9, tzinfo=dt.UTC)
ANN, BEN, CAT = "M000001", "M000002", "M000003"
POT, DROP_IN, OPENING = "G000001", "activity-drop-in", "opening"
FLOOR_MINUTES = -600
#: What PostgreSQL says where two transactions can not both have been alone.
SERIALIZATION_FAILURE: Final = "40001"

T = TypeVar("T")


@dataclass
class Dice:
    """Bytes that count up, so that ids and salts are the same in every run."""

    thrown: int = 0

    def __call__(self, count: int) -> bytes:
        self.thrown += 1
        return self.thrown.to_bytes(count, "big")


@dataclass
class Desk:
    """Posts into one book, each act in a transaction of its own."""

    engine: Engine
    book_id: UUID = BOOK
    now: dt.datetime = OPENED_AT
    dice: Callable[[int], bytes] = field(default_factory=Dice)
    keys: int = 0

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end."""
        connection = self.engine.connect().execution_options(**{WRITES: True})
        with connection, connection.begin():
            yield connection

    def write(self, act: Callable[[Connection], T]) -> T:
        """Do something in a transaction of its own, and anew where the database asks for that.

        With the isolation that is usual it never does: all writers of a book stand in one line. A
        server that is set to serializable refuses whoever waited in it, and whoever owns the
        transaction tries again, as `timebank.web.session.run_in_transaction` does.
        """
        while True:
            try:
                with self.writing() as connection:
                    return act(connection)
            except OperationalError as error:
                if getattr(error.orig, "sqlstate", "") != SERIALIZATION_FAILURE:
                    raise

    def open(self, *codes: str) -> "Desk":
        """Open the book with three members, a pot and two sources."""
        with self.writing() as connection:
            journal.open_book(connection, self.book_id, "village", now=self.now)
            for code in codes or (ANN, BEN, CAT, POT, DROP_IN, OPENING):
                self.open_account(connection, code)
        return self

    def open_account(self, connection: Connection, code: str) -> None:
        kind = {"M": "member", "G": "pot", "N": "neighbour"}.get(code[0], "source")
        floor = {"member": FLOOR_MINUTES, "pot": 0, "neighbour": FLOOR_MINUTES}.get(kind)
        journal.open_account(connection, self.book_id, code, kind, floor_minutes=floor)

    def request(  # noqa: PLR0913 -- as many as an entry has
        self,
        payer: str = ANN,
        payee: str = BEN,
        minutes: int = 60,
        *,
        key: str | None = None,
        legs: tuple[tuple[str, str, int], ...] = (),
        kind: str = "exchange",
        category: str = "company",
        on: dt.date = dt.date(2026, 1, 2),
        actor: UUID | None = ACTOR,
        memo: str | None = None,
        corrects: UUID | None = None,
        expires_at: dt.datetime | None = None,
    ) -> EntryRequest:
        """A request for an hour of help that Ben gave Ann, unless something else is said."""
        self.keys += 1
        return EntryRequest(
            book_id=self.book_id,
            kind=kind,
            legs=tuple(LegRequest(*leg) for leg in legs or ((payer, payee, minutes),)),
            occurred_on=on,
            actor=actor,
            category=category,
            idem_key=key or f"key-{self.keys}",
            memo=memo,
            corrects=corrects,
            expires_at=expires_at,
        )

    def post_in(self, connection: Connection, request: EntryRequest) -> Outcome:
        self.now += dt.timedelta(minutes=1)
        return journal.post(connection, request, secret=SECRET, now=self.now, draw=self.dice)

    def post(self, *args: object, **kwargs: object) -> Outcome:
        """Post what `request` describes."""
        request = self.request(*args, **kwargs)  # type: ignore[arg-type]
        return self.write(lambda connection: self.post_in(connection, request))

    def reverse(
        self, entry_id: UUID, *, key: str = "back", reason: str = "It was booked twice."
    ) -> Outcome:
        """Take an entry back."""
        self.now += dt.timedelta(minutes=1)
        with self.writing() as connection:
            return journal.reverse(
                connection,
                self.book_id,
                entry_id,
                reason=reason,
                actor=ACTOR,
                idem_key=key,
                secret=SECRET,
                now=self.now,
                draw=self.dice,
            )

    def hold(self, *args: object, days: float | None = 3, **kwargs: object) -> Outcome:
        """Set aside what `request` describes, for some days."""
        self.now += dt.timedelta(minutes=1)
        ends = None if days is None else OPENED_AT + dt.timedelta(days=days)
        facts = {"kind": "hold", "expires_at": ends} | kwargs
        request = self.request(*args, **facts)  # type: ignore[arg-type]
        with self.writing() as connection:
            return holds.hold(connection, request, secret=SECRET, now=self.now, draw=self.dice)

    def capture(
        self,
        hold_id: UUID,
        *legs: tuple[str, str, int],
        key: str = "capture",
        on: dt.date | None = None,
        memo: str | None = None,
    ) -> Outcome:
        """Move what was set aside; with legs, so much of it."""
        self.now += dt.timedelta(minutes=1)
        with self.writing() as connection:
            return holds.capture(
                connection,
                self.book_id,
                hold_id,
                legs=[LegRequest(*leg) for leg in legs] if legs else None,
                occurred_on=on,
                actor=ACTOR,
                idem_key=key,
                memo=memo,
                secret=SECRET,
                now=self.now,
                draw=self.dice,
            )

    def release(self, hold_id: UUID, *, key: str = "release") -> Outcome:
        """Give back what was set aside."""
        self.now += dt.timedelta(minutes=1)
        with self.writing() as connection:
            return holds.release(
                *(connection, self.book_id, hold_id),
                actor=ACTOR,
                idem_key=key,
                secret=SECRET,
                now=self.now,
                draw=self.dice,
            )

    def expire(self, hold_id: UUID, *, key: str | None = None) -> Outcome:
        """Give back what was set aside, because its time has passed."""
        self.now += dt.timedelta(minutes=1)
        with self.writing() as connection:
            return holds.expire(
                *(connection, self.book_id, hold_id),
                idem_key=key or f"expire:{hold_id}",
                secret=SECRET,
                now=self.now,
                draw=self.dice,
            )

    def account(self, code: str) -> Balance:
        """All figures of an account."""
        with self.engine.connect() as connection:
            return balance(connection, self.book_id, code)

    def figures(self, code: str) -> tuple[int, int, int]:
        """Posted, set aside for it, set aside in it."""
        found = self.account(code)
        return found.posted, found.held_in, found.held_out

    def balance(self, code: str) -> int:
        """Minutes in an account."""
        return self.account(code).posted

    def balances(self, *codes: str) -> list[int]:
        """Minutes in some accounts."""
        return [self.balance(code) for code in codes]

    def verify(self) -> Report:
        """Check the whole book."""
        with self.engine.connect() as connection:
            return verify(connection, self.book_id)
