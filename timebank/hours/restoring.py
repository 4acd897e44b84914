"""A community's hours from its exported books, where there is no database any more."""

import datetime as dt
import uuid
from pathlib import Path

from sqlalchemy.orm import Session

from ledger import restore
from ledger.book_errors import BadBooks, LedgerInUse
from ledger.restore import Restored
from timebank.communities import service as communities
from timebank.communities.models import Community
from timebank.db import LEDGER_SECRET
from timebank.hours import service
from timebank.hours.errors import BooksExistError, BooksRefusedError
from timebank.hours.policy import NO_FLOOR_MINUTES


def community_of(folder: Path) -> uuid.UUID:
    """The community whose books these are: its id is hashed into each entry.

    Raises:
        BooksRefusedError: If the folder does not say.
    """
    try:
        return restore.book_of(folder)
    except BadBooks as refusal:
        raise _refused(refusal) from refusal


def restore_book(
    session: Session, community: Community, folder: Path, *, now: dt.datetime
) -> Restored:
    """Make a community's book anew from exported books.

    Accounts get the limits that new ones have, as books hold none. Numbers of members and
    pots that are in the books are not given to anybody else.

    Args:
        session: The open unit of work; never committed here. It must be rolled back if this raises.
        community: With the id that the books name.
        folder: Where the books are.
        now: When.

    Raises:
        BooksExistError: If the community has a book.
        BooksRefusedError: If the books are not, byte for byte, what was exported.
    """
    connection = session.connection()
    floor = community.floor_minutes
    limits = {
        "member": (NO_FLOOR_MINUTES if floor is None else floor, community.ceiling_minutes),
        "pot": (0, None),
        "neighbour": (0, None),
        "source": (None, None),
    }
    try:
        done = restore.restore(
            connection,
            folder,
            secret=connection.get_execution_options()[LEDGER_SECRET],
            limits=limits.__getitem__,
            now=now,
        )
    except LedgerInUse as refusal:
        raise BooksExistError(refusal.entries) from refusal
    except BadBooks as refusal:
        raise _refused(refusal) from refusal
    communities.count_from(
        session, community, members=done.member_number_max, pots=done.pot_number_max
    )
    # Whatever a book has from its first day on.
    service.open_book(session, community, now=now)
    return done


def _refused(refusal: BadBooks) -> BooksRefusedError:
    return BooksRefusedError(refusal.finding, refusal.detail, file=refusal.file, line=refusal.line)
