"""Check the books each night, and whenever somebody asks: export, audit, keep the verdict.

A night reads the newest year, which is what has grown; once a week, and whenever somebody asks or
something is not right, all years are read.
The audit is a program of its own that sees the exported books and nothing else. What it says is
kept as it said it; a check that never came to an end is kept as such, and never as good news.
"""

import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from ledger.book_errors import BooksAhead, BooksChanged
from ledger.books import Exported, export
from ledger.books.zipped import packed
from ledger.errors import ForeignBooks, LedgerRefusal
from ledger.layout import is_counted, year_of
from timebank.communities import queries as communities
from timebank.communities.models import Community
from timebank.config import Settings
from timebank.db import db, new_id
from timebank.hours import programs
from timebank.hours.errors import BooksNotWrittenError
from timebank.hours.models import BooksCheck
from timebank.hours.policy import Holder
from timebank.hours.programs import Ended, ShuttingDownError
from timebank.hours.sealing import last_night
from timebank.hours.snapshots import snapshot
from timebank.web.session import run_in_transaction

#: A check that began so long ago and did not end was cut off with its worker.
LEASE: Final = dt.timedelta(seconds=programs.SECONDS_MAX + 120)
#: All years are read again in the seventh night, counted from that in which they were.
WHOLE_EVERY_NIGHTS: Final = 7
#: Nights in the strip on the page of the books.
NIGHTS: Final = 30
#: Checks that pages look at: more than one a night is rare.
CHECKS_MAX: Final = 60
#: How much of a file is handed over at a time.
PIECE_BYTES: Final = 64 * 1024
#: Findings that are shown; the file has more.
FINDINGS_SHOWN: Final = 8
#: Refusals of an export that somebody can do something about; any other is a fault of ours.
STOP_BY_REFUSAL: Final = {
    BooksAhead: "ahead",
    BooksChanged: "foreign",
    ForeignBooks: "foreign",
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Paths:
    """A community, and where its books lie."""

    community_id: uuid.UUID
    slug: str
    folder: Path


# ------------------------------------------------------------------------------ reading


def latest(session: Session, community_id: uuid.UUID) -> BooksCheck | None:
    """The newest check that has ended; None before the first."""
    return session.scalar(_ended(community_id).limit(1))


def waiting(session: Session, community_id: uuid.UUID) -> BooksCheck | None:
    """The check that waits or runs now; None where there is none."""
    return session.scalar(
        sa.select(BooksCheck).where(
            BooksCheck.community_id == community_id, BooksCheck.ended_at.is_(None)
        )
    )


def lately(session: Session, community_id: uuid.UUID) -> Sequence[BooksCheck]:
    """The last checks, the newest first; the first may not have ended."""
    return session.scalars(
        sa.select(BooksCheck)
        .where(BooksCheck.community_id == community_id)
        .order_by(BooksCheck.id.desc())
        .limit(CHECKS_MAX)
    ).all()


def is_alarm(session: Session, community_id: uuid.UUID) -> bool:
    """Tell whether the newest verdict is that the books are wrong; a check cut off is none."""
    outcome = session.scalar(
        sa.select(BooksCheck.outcome)
        .where(BooksCheck.community_id == community_id, BooksCheck.outcome != "stopped")
        .order_by(BooksCheck.id.desc())
        .limit(1)
    )
    return outcome == "wrong"


def next_to_tell(
    session: Session, community_id: uuid.UUID, *, without: Collection[uuid.UUID] = ()
) -> BooksCheck | None:
    """The oldest check that has ended and that nobody was told of, locked."""
    return session.scalar(
        sa.select(BooksCheck)
        .where(
            BooksCheck.community_id == community_id,
            BooksCheck.told_at.is_(None),
            BooksCheck.ended_at.is_not(None),
            BooksCheck.id.not_in(without),
        )
        .order_by(BooksCheck.id)
        .limit(1)
        .with_for_update()
    )


def before(session: Session, check: BooksCheck) -> Sequence[BooksCheck]:
    """The checks that ended before another one, the newest first."""
    return session.scalars(
        _ended(check.community_id).where(BooksCheck.id < check.id).limit(CHECKS_MAX)
    ).all()


def _ended(community_id: uuid.UUID) -> sa.Select[BooksCheck]:
    return (
        sa.select(BooksCheck)
        .where(BooksCheck.community_id == community_id, BooksCheck.ended_at.is_not(None))
        .order_by(BooksCheck.id.desc())
    )


# ------------------------------------------------------------------------------- asking


def ask(
    session: Session,
    community_id: uuid.UUID,
    *,
    by: Holder | None,
    now: dt.datetime,
    is_whole: bool = True,
) -> BooksCheck:
    """Have the books checked soon; whoever asks while a check waits or runs gets that one.

    Args:
        session: The open unit of work; never committed here.
        community_id: Whose books.
        by: Who asks; None where it is night.
        now: When.
        is_whole: Whether all years are to be read; one that waits for the newest alone is widened.
    """
    found = waiting(session, community_id)
    if found is not None:
        found.is_whole = found.is_whole or (is_whole and found.started_at is None)
        return found
    check = BooksCheck(
        community_id=community_id,
        id=new_id(),
        asked_by_id=None if by is None else by.id,
        asked_at=now,
        is_whole=is_whole,
    )
    try:
        with session.begin_nested():
            session.add(check)
    except IntegrityError:
        # Two asked in the same moment; the other one was first.
        found = waiting(session, community_id)
        if found is None:
            raise
        return found
    return check


# ------------------------------------------------------------------------------ checking


def check_due(settings: Settings, *, now: dt.datetime, stop: threading.Event | None = None) -> int:
    """Check the books that somebody asked about, or that no check saw since the night.

    One at a time in the whole installation: a small machine has other things to do.

    Returns:
        How many were checked.
    """
    with programs.alone(settings) as nobody_else:
        if not nobody_else:
            return 0
        done = 0
        for community in list(communities.every(db.session())):
            paths = paths_of(settings, community)
            taken = _claim(community, now=now)
            if taken is not None:
                done += _check(paths, taken, stop=stop, now=now) is not None
        return done


def check_now(
    settings: Settings, community: Community, *, by: Holder | None, now: dt.datetime
) -> BooksCheck | None:
    """Check one community's books at once, and wait for the verdict.

    Returns:
        The check; None where another one of this installation is running.
    """
    paths = paths_of(settings, community)
    with programs.alone(settings) as nobody_else:
        if not nobody_else:
            return None
        key = community.id
        run_in_transaction(lambda session: ask(session, key, by=by, now=now).id)
        taken = run_in_transaction(lambda session: _take(session, key, now=now))
        return None if taken is None else _check(paths, taken, stop=None, now=now)


def paths_of(settings: Settings, community: Community) -> Paths:
    """Where a community's books lie."""
    folder = programs.books_folder(settings, community.slug, community.id.hex)
    return Paths(community.id, community.slug, folder)


def _claim(community: Community, *, now: dt.datetime) -> "_Taken | None":
    """Take up what is due, if anything is; nobody else takes it up then."""
    key, night = community.id, last_night(community.time_zone, now=now)
    session = db.session()
    found = waiting(session, key)
    if found is None and _is_seen_since(session, key, night):
        return None

    def work(session: Session) -> _Taken | None:
        if not _is_seen_since(session, key, night):
            ask(session, key, by=None, now=now, is_whole=_is_whole_due(session, key, night))
        return _take(session, key, now=now)

    return run_in_transaction(work)


def _is_seen_since(session: Session, community_id: uuid.UUID, night: dt.datetime) -> bool:
    newest = session.scalar(
        sa.select(BooksCheck.asked_at)
        .where(BooksCheck.community_id == community_id)
        .order_by(BooksCheck.id.desc())
        .limit(1)
    )
    return newest is not None and newest >= night


def _is_whole_due(session: Session, community_id: uuid.UUID, night: dt.datetime) -> bool:
    """Tell whether all years are to be read in a night, and not only the newest.

    They are in a new year, as the end of the old one was not read since. Where something is wrong,
    every night until it is right again: one year alone could not say so. Where reading all of them
    was stopped, every other night: the newest year must not go unread because they take too long.
    """
    ended = _ended(community_id)
    if is_alarm(session, community_id):
        return True
    last_whole = session.scalar(
        ended.where(BooksCheck.is_whole, BooksCheck.outcome == "right").limit(1)
    )
    if last_whole is not None:
        is_this_year = last_whole.asked_at.year == night.astimezone(dt.UTC).year
        since = night - dt.timedelta(days=WHOLE_EVERY_NIGHTS - 1)
        if is_this_year and last_whole.asked_at >= since:
            return False
    newest = session.scalar(ended.limit(1))
    return newest is None or not (newest.is_whole and newest.outcome == "stopped")


@dataclass(frozen=True, slots=True)
class _Taken:
    """A check that was taken up."""

    id: uuid.UUID
    is_whole: bool


def _take(session: Session, community_id: uuid.UUID, *, now: dt.datetime) -> _Taken | None:
    """Mark the waiting check as running; end one that was cut off with its worker."""
    check = session.scalar(
        sa.select(BooksCheck)
        .where(BooksCheck.community_id == community_id, BooksCheck.ended_at.is_(None))
        .with_for_update()
    )
    if check is None:
        return None
    if check.started_at is None:
        check.started_at = now
        return _Taken(check.id, check.is_whole)
    if check.started_at < now - LEASE:
        check.ended_at, check.outcome, check.stop = now, "stopped", "fault"
    return None


def _check(
    paths: Paths, taken: _Taken, *, stop: threading.Event | None, now: dt.datetime
) -> BooksCheck | None:
    """Export, audit, and keep the verdict."""
    began = _Clock(now)
    try:
        year, ended = _audit(paths, is_whole=taken.is_whole, stop=stop)
    except ShuttingDownError:
        run_in_transaction(lambda session: _let_go(session, paths.community_id, taken.id))
        return None

    def keep(session: Session) -> BooksCheck:
        check = session.get_one(BooksCheck, (paths.community_id, taken.id))
        check.ended_at = began.now()
        check.year, check.is_whole = year, year is None
        _write_down(check, ended)
        return check

    check = run_in_transaction(keep)
    if check.outcome != "right":
        log.error("the books of %s: %s %s", paths.slug, check.outcome, check.stop or "")
    return check


def _audit(
    paths: Paths, *, is_whole: bool, stop: threading.Event | None
) -> tuple[int | None, Ended]:
    """Export and audit; return the year that was read, or None for all of them, and the verdict."""
    try:
        exported = export_books(paths)
    except BooksAhead as refusal:
        # Entries that were exported are gone from the database: the worst there is to find.
        return None, Ended({"ok": False, "findings": [_ahead(refusal)]})
    except BooksChanged as refusal:
        return None, Ended({"ok": False, "findings": _changed(refusal)})
    except (LedgerRefusal, OSError) as error:
        return None, not_written(paths, error)
    year = None if is_whole else _newest_year(exported)
    limits = ("--seconds", str(programs.SECONDS_MAX), "--megabytes", str(programs.MEGABYTES_MAX))
    ended = programs.run(
        "ledger.audit",
        [str(paths.folder), "--json", *limits, *(["--year", str(year)] if year else [])],
        seconds=programs.SECONDS_MAX,
        stop=stop,
    )
    return year, ended


def _newest_year(exported: Exported) -> int | None:
    """The newest year of the books; None where they hold one year alone, or nothing yet."""
    years = [year for name in exported.files if (year := year_of(name)) is not None]
    return max(years) if len(years) > 1 else None


def not_written(paths: Paths, error: LedgerRefusal | OSError) -> Ended:
    """Say why the books could not be exported, which whoever reads it can do something about."""
    log.error("the books of %s can not be written", paths.slug, exc_info=error)
    stop = "space" if isinstance(error, OSError) else STOP_BY_REFUSAL.get(type(error), "fault")
    return Ended(None, stop, str(error))


def _ahead(refusal: BooksAhead) -> dict[str, str]:
    detail = (
        f"the exported books hold {refusal.entries} entries, and the database has {refusal.found},"
        " or others: keep the exported books, they may be the only copy"
    )
    return {"reason": refusal.reason, "file": "HEAD", "detail": detail}


def _changed(refusal: BooksChanged) -> list[dict[str, str]]:
    detail = "was changed since it was exported, so nothing was written: keep a copy of the books"
    return [
        {"reason": "edited-file", "file": name, "detail": detail}
        for name in refusal.files[:FINDINGS_SHOWN]
    ]


def export_books(paths: Paths) -> Exported:
    """Bring the exported books up to date.

    Raises:
        LedgerRefusal: If something else lies in their folder, or somebody changed what does.
        OSError: If they can not be written; no file is left torn.
    """
    with snapshot() as connection:
        return export(connection, paths.community_id, paths.folder)


def bring_up_to_date(paths: Paths) -> None:
    """Bring the exported books up to date, for somebody who waits for them.

    Raises:
        BooksNotWrittenError: If that can not be done; the log says why.
    """
    try:
        export_books(paths)
    except (LedgerRefusal, OSError) as error:
        log.exception("the books of %s can not be written", paths.slug)
        raise BooksNotWrittenError from error


def zipped(paths: Paths) -> Iterator[bytes]:
    """Hand over the exported books as one file, piece by piece; notes of the treasurer stay."""
    with packed(paths.folder) as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _write_down(check: BooksCheck, ended: Ended) -> None:
    if ended.answer is None:
        check.outcome, check.stop = "stopped", ended.stop
        return
    check.outcome = "right" if ended.answer.get("ok") is True else "wrong"
    check.verdict = ended.answer
    check.entries = int(ended.answer.get("entries", 0))
    check.head = str(ended.answer.get("head", ""))[:64]


def _let_go(session: Session, community_id: uuid.UUID, check_id: uuid.UUID) -> None:
    """Leave the check for the next worker: this one was asked to stop."""
    session.get_one(BooksCheck, (community_id, check_id)).started_at = None


def findings_of(check: BooksCheck) -> list[dict[str, Any]]:
    """What a check found, the first thing first."""
    verdict = check.verdict or {}
    return [dict(finding) for finding in verdict.get("findings", ())][:FINDINGS_SHOWN]


def causes_of(check: BooksCheck) -> tuple[list[dict[str, Any]], int]:
    """What a check found, and how many balances are wrong because of it; those are left out.

    Where balances alone are wrong, they are what was found.
    """
    found, following = findings_of(check), int((check.verdict or {}).get("following", 0))
    if not following:
        return found, 0
    return [finding for finding in found if not is_about_sum(finding)], following


def is_about_sum(finding: Mapping[str, Any]) -> bool:
    """Tell whether something was found about the sums at the end of one month."""
    return is_counted(str(finding.get("file", "")))


class _Clock:
    """Tells when something ended, from when it began and how long it took."""

    def __init__(self, began: dt.datetime) -> None:
        self._began = began
        self._from = time.monotonic()

    def now(self) -> dt.datetime:
        """The moment now, without asking the clock on the wall."""
        return self._began + dt.timedelta(seconds=time.monotonic() - self._from)
