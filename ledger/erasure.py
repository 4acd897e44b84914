"""What is forgotten of an account: the words beside it. Its entries stay, and every proof holds.

The chain covers a salted commitment to the words of an entry and never the words, and
codes instead of people. So words can go at any time, and nothing has to be proven anew.
"""

from uuid import UUID

from sqlalchemy import Connection, delete, or_, select, update

from ledger import schema


def forget_words(connection: Connection, book_id: UUID, code: str) -> int:
    """Delete all words kept beside entries and changes of limits of an account.

    Returns:
        How many there were.
    """
    entry, leg, memo, change = schema.entry.c, schema.leg.c, schema.memo, schema.account_change
    about = (
        select(entry.id)
        .join(schema.leg, (leg.book_id == entry.book_id) & (leg.seq == entry.seq))
        .where(entry.book_id == book_id, or_(leg.payer_code == code, leg.payee_code == code))
    )
    memos = connection.execute(
        delete(memo).where(memo.c.book_id == book_id, memo.c.entry_id.in_(about))
    )
    reasons = connection.execute(
        update(change)
        .where(change.c.book_id == book_id, change.c.code == code, change.c.reason.is_not(None))
        .values(reason=None)
    )
    return memos.rowcount + reasons.rowcount
