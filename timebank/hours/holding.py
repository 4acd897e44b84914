"""Set hours aside for something agreed; use them then, or give them back.

What is set aside is still in the account of whoever will be helped and can not be spent a second
time. It ends once: used, given back, or given back by time. As in `service`, each function runs in
the caller's transaction, never commits, and has a `key` that names the intention.
"""

import datetime as dt
import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from ledger import holds
from ledger.entries import EntryRequest, LegRequest, Outcome
from timebank.communities.models import Community
from timebank.hours.policy import Holder
from timebank.hours.refusals import in_our_words as _in_our_words
from timebank.hours.service import secret_of


def set_aside(  # noqa: PLR0913 - called by keywords: who, what, until when
    session: Session,
    community: Community,
    *,
    receiver: Holder,
    giver: Holder,
    minutes: int,
    planned_on: dt.date,
    ends_at: dt.datetime,
    category: str,
    key: str,
    by: Holder | None,
    now: dt.datetime,
) -> Outcome:
    """Set hours of the receiver aside for the giver; nothing moves yet.

    Args:
        session: The open unit of work; never committed here.
        community: Whose book.
        receiver: Who will be helped; these hours are no longer theirs to spend.
        giver: Who will help; the hours are on their way.
        minutes: Minutes of help that are agreed, more than zero.
        planned_on: The day of the help.
        ends_at: From when `let_end` may give them back.
        category: Its code, from `policy.category_code`.
        key: Names this booking for ever.
        by: Who agreed.
        now: When it is recorded.

    Raises:
        TooFewHoursError: If the receiver has not so much to set aside.
        TooManyHoursError: If the giver may not have so much on its way.
        DifferentBeforeError: If the key was booked with other figures.
        AccountClosedError: If one of the accounts is closed or on hold.
        NoSuchAccountError: If one of the members has no account.
        CannotBookError: If it would be over before it begins, or can not be written down.
    """
    session.flush()
    connection = session.connection()
    with _in_our_words():
        request = EntryRequest(
            book_id=community.id,
            kind="hold",
            legs=(LegRequest(receiver.account_code, giver.account_code, minutes),),
            occurred_on=planned_on,
            actor=by.id if by else None,
            category=category,
            idem_key=key,
            expires_at=ends_at,
        )
        return holds.hold(connection, request, secret=secret_of(connection), now=now)


def use_set_aside(  # noqa: PLR0913 - as above
    session: Session,
    community: Community,
    set_aside_id: uuid.UUID,
    *,
    receiver: Holder,
    giver: Holder,
    minutes: int,
    happened_on: dt.date,
    key: str,
    by: Holder | None,
    now: dt.datetime,
) -> Outcome:
    """Move hours that were set aside, all of them or fewer; what is left is given back with it.

    No limit stops it. More than was set aside is not to be had here: give it back and transfer.

    Raises:
        SetAsideEndedError: If it was used or given back before, under another key.
        NothingSetAsideError: If there is no such thing.
        AccountClosedError: If one of the accounts is on hold.
        DifferentBeforeError: If the key was booked with other figures.
        CannotBookError: If more is to move than was set aside.
    """
    session.flush()
    connection = session.connection()
    with _in_our_words():
        return holds.capture(
            connection,
            community.id,
            set_aside_id,
            legs=(LegRequest(receiver.account_code, giver.account_code, minutes),),
            occurred_on=happened_on,
            actor=by.id if by else None,
            idem_key=key,
            secret=secret_of(connection),
            now=now,
        )


def give_back(
    session: Session,
    community: Community,
    set_aside_id: uuid.UUID,
    *,
    key: str,
    by: Holder | None,
    now: dt.datetime,
) -> Outcome:
    """Give back what was set aside, because it is not needed. Raises as `use_set_aside` does."""
    session.flush()
    connection = session.connection()
    with _in_our_words():
        return holds.release(
            connection,
            community.id,
            set_aside_id,
            actor=by.id if by else None,
            idem_key=key,
            secret=secret_of(connection),
            now=now,
        )


def let_end(
    session: Session, community: Community, set_aside_id: uuid.UUID, *, now: dt.datetime
) -> Outcome:
    """Give back what was set aside, because its time has passed; again changes nothing.

    Raises:
        SetAsideEndedError: If it was used or given back before.
        NothingSetAsideError: If there is no such thing.
        CannotBookError: If its time has not passed.
    """
    session.flush()
    connection = session.connection()
    with _in_our_words():
        return holds.expire(
            connection,
            community.id,
            set_aside_id,
            idem_key=f"expire:{set_aside_id}",
            secret=secret_of(connection),
            now=now,
        )


def overdue(session: Session, community: Community, *, now: dt.datetime) -> Sequence[uuid.UUID]:
    """What is set aside although its time has passed; reads every hold of the book."""
    return holds.overdue(session.connection(), community.id, now)


def all_minutes(session: Session, community: Community) -> int:
    """Minutes that are set aside in a community, for whatever it is."""
    return holds.held_minutes(session.connection(), community.id)
