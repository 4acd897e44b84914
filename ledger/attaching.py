"""What was signed, from exported books back into the database: keys, checkpoints, months."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert

from ledger import keys, schema
from ledger.layout import SIGNED_KEYS, Finding, FindingError
from ledger.months import MonthHead
from ledger.notes import Head, PublicKey
from ledger.proof_errors import NotProven
from ledger.signed import Kept, KeptKey, Signed


def check_handovers(signed: Signed) -> None:
    """See that each key that says so was named by one before it.

    Raises:
        FindingError: With the first that was not.
    """
    for at, each in enumerate(signed.keys):
        if each.handover and not _is_handed_over(each, signed.keys[:at]):
            said = f"{each.key} was not named by a key before it"
            raise FindingError(Finding("bad-handover", said, SIGNED_KEYS))


def attach(connection: Connection, book_id: UUID, signed: Signed, *, now: datetime) -> None:
    """Write all of it as it was; what does not say when, as books did before, is of now."""
    of_book = {"book_id": book_id}
    for table, rows in (
        (schema.signing_key, [_key_row(each, now) for each in signed.keys]),
        (schema.checkpoint, [_checkpoint_row(*each, now) for each in signed.checkpoints]),
        (schema.period_seal, [_month_row(*each) for each in signed.months]),
    ):
        if rows:
            connection.execute(insert(table), [of_book | row for row in rows])


def _is_handed_over(kept: KeptKey, older: Sequence[KeptKey]) -> bool:
    for each in older:
        with suppress(NotProven):
            if keys.check_handover(kept.handover, each.key) == kept.key:
                return True
    return False


def _key_row(kept: KeptKey, now: datetime) -> dict[str, Any]:
    return {
        "public_key": kept.key.public,
        "origin": kept.key.name,
        "valid_from": _moment(kept.valid_from) or now,
        "retired_at": _moment(kept.retired_at),
        "handover": kept.handover or None,
    }


def _checkpoint_row(kept: Kept, head: Head, key: PublicKey, now: datetime) -> dict[str, Any]:
    return {
        "size": head.size,
        "signed_at": _moment(kept.at) or now,
        "public_key": key.public,
        "note": kept.note,
    }


def _month_row(kept: Kept, head: MonthHead, key: PublicKey) -> dict[str, Any]:
    return {
        "period": head.month.period,
        "through_on": head.month.through_on,
        "ended_at": head.month.ended_at,
        "size": head.size,
        "root": head.root,
        "chain": head.chain,
        "accounts": head.accounts,
        "trial_root": head.trial_root,
        "prev": head.prev,
        "sealed_at": _moment(kept.at),
        "public_key": key.public,
        "note": kept.note,
    }


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
