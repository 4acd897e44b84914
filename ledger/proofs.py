"""Hold the whole book against everything that was ever signed.

`ledger.verify` sees that a book fits itself. Whoever can write to the database can make
it fit; what they can not do is sign. So the tree is grown again here from the first leaf,
and every checkpoint has to be met on the way: those in the database, and those that were
published outside of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, select

from ledger import keys, schema
from ledger.merkle import Frontier
from ledger.months import check_month
from ledger.notes import Head, PublicKey, check_head
from ledger.proof_errors import BadSignature, NoSigningKey, NotProven
from ledger.verify import Problem

#: Read leaves in batches: a book may be larger than memory.
_STREAM: Final = {"stream_results": True, "max_row_buffer": 5_000}


@dataclass(frozen=True, slots=True)
class _Signed:
    """A checkpoint or a month that the book has to meet."""

    where: str
    head: Head


def problems(
    connection: Connection,
    book_id: UUID,
    *,
    published: Iterable[tuple[str, str]] = (),
    trusted: Sequence[PublicKey] = (),
) -> Iterator[Problem]:
    """Tell what does not fit what was signed; nothing is changed.

    Args:
        connection: Reads one snapshot, so that entries posted meanwhile do not matter.
        book_id: The book.
        published: Checkpoints from outside of the database: a name, and the text.
        trusted: Keys from outside; those of the database count too.
    """
    held = {each.key for each in keys.every(connection, book_id)}
    for each in trusted:
        if each not in held:
            yield Problem("a key is missing", "keys", str(each), "none")
    known = (*held, *trusted)
    signed, origin = [], _origin(connection, book_id)
    for where, note, is_outside in _notes(connection, book_id, published):
        try:
            head, _signers = check_head(note, known)
        except NotProven as error:
            yield Problem(error.reason, where, "a checkpoint of this book", _told(error))
            continue
        if not is_outside or head.origin == origin:
            signed.append(_Signed(where, head))
    for period, note in _months(connection, book_id):
        try:
            month, _signers = check_month(note, known)
        except NotProven as error:
            yield Problem(error.reason, f"month {period}", "a month of this book", _told(error))
            continue
        head = Head(month.origin, month.size, month.root, month.chain)
        signed.append(_Signed(f"month {period}", head))
    yield from _meet(connection, book_id, signed)


def _notes(
    connection: Connection, book_id: UUID, published: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str, bool]]:
    """Every checkpoint there is: where, the text, and whether it is from outside."""
    table = schema.checkpoint.c
    rows = connection.execute(
        select(table.size, table.note).where(table.book_id == book_id).order_by(table.size)
    )
    for size, note in rows:
        yield f"checkpoint {size}", note, False
    for name, note in published:
        yield f"published {name}", note, True


def _months(connection: Connection, book_id: UUID) -> Sequence[tuple[str, str]]:
    """Every sealed month: which one, and the text."""
    table = schema.period_seal.c
    rows = connection.execute(
        select(table.period, table.note).where(table.book_id == book_id).order_by(table.period)
    )
    return [(period, note) for period, note in rows]


def _meet(connection: Connection, book_id: UUID, signed: Sequence[_Signed]) -> Iterator[Problem]:
    """Grow the tree from the first leaf, and meet every checkpoint on the way."""
    stored, stored_size = _stored(connection, book_id)
    edge, waiting = Frontier(), sorted(signed, key=lambda each: -each.head.size)
    for hashed, chain in _leaves(connection, book_id):
        for tier, n, completed in edge.add(hashed):
            found = stored.pop((tier, n), None)
            if found != completed and (found or edge.size <= stored_size):
                where = f"tree, tier {tier}, hash {n}"
                yield Problem("the tree was changed", where, completed.hex(), _hex(found))
        while waiting and waiting[-1].head.size == edge.size:
            yield from _compare(waiting.pop(), edge.head(), chain)
    for each in reversed(waiting):
        entries = f"{each.head.size} entries"
        yield Problem("more was signed than is there", each.where, entries, f"{edge.size}")
    for tier, n in sorted(stored):
        where = f"tree, tier {tier}, hash {n}"
        yield Problem("stands for entries that are not there", where, "none", "a hash")


def _stored(connection: Connection, book_id: UUID) -> tuple[dict[tuple[int, int], bytes], int]:
    """The stored hashes of the tree, and up to which size they have to be there."""
    part, checkpoint = schema.subtree.c, schema.checkpoint.c
    rows = connection.execute(select(part.tier, part.n, part.hash).where(part.book_id == book_id))
    size = connection.execute(
        select(func.max(checkpoint.size)).where(checkpoint.book_id == book_id)
    ).scalar()
    return {(tier, n): hashed for tier, n, hashed in rows}, size or 0


def _compare(signed: _Signed, root: bytes, chain: bytes) -> Iterator[Problem]:
    """What was signed at this size, against what is there."""
    if signed.head.root != root:
        yield Problem(
            "not the book that was signed", signed.where, signed.head.root.hex(), root.hex()
        )
    if signed.head.chain != chain:
        yield Problem(
            "not the chain that was signed", signed.where, signed.head.chain.hex(), chain.hex()
        )


def _leaves(connection: Connection, book_id: UUID) -> Iterable[Row[bytes, bytes]]:
    """Every leaf and link, in the order of the book."""
    entry = schema.entry.c
    query = select(entry.leaf, entry.chain).where(entry.book_id == book_id).order_by(entry.seq)
    return connection.execute(query, execution_options=_STREAM)


def _origin(connection: Connection, book_id: UUID) -> str | None:
    """The name under which the book is signed now."""
    try:
        return keys.in_use(connection, book_id).key.name
    except NoSigningKey:
        return None


def _told(error: NotProven) -> str:
    """What a refusal says, in short."""
    return error.signer if isinstance(error, BadSignature) else str(error)


def _hex(value: bytes | None) -> str:
    return "none" if value is None else value.hex()
