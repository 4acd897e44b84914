"""Put questions to the exported books: they wait in a table, and the worker answers one at a time.

Loading a year of a town takes seconds and some hundred megabytes, so no page does it itself. The
program that answers (`ledger.audit.ask`) sees the books and nothing else.
"""

import datetime as dt
import json
import threading
import uuid
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ledger.errors import LedgerRefusal
from timebank.communities.models import Community
from timebank.config import Settings
from timebank.db import db, new_id
from timebank.hours import auditing, programs
from timebank.hours.errors import NoSuchQuestionError, TooManyQuestionsError
from timebank.hours.models import OWN_WORDS, BooksQuestion
from timebank.hours.policy import Holder
from timebank.hours.programs import Ended, ShuttingDownError
from timebank.hours.questions import SAVED
from timebank.web.session import run_in_transaction

#: What a question may take: to load the books, and then ten seconds to answer.
SECONDS_MAX: Final = 90
MEGABYTES_MAX: Final = 1_536
#: A question that began so long ago was cut off with its worker, and is begun again.
LEASE: Final = dt.timedelta(seconds=2 * SECONDS_MAX)
#: How long answers are kept.
KEPT_FOR: Final = dt.timedelta(days=7)
#: Questions of one person that wait at a time.
WAITING_MAX: Final = 3
SHOWN_MAX: Final = 10


def ask(
    session: Session,
    community_id: uuid.UUID,
    *,
    name: str,
    words: str = "",
    since_on: dt.date | None = None,
    by: Holder,
    now: dt.datetime,
) -> BooksQuestion:
    """Let a question wait for its answer; the same one that waits already is not asked twice.

    Args:
        session: The open unit of work; never committed here.
        community_id: Whose books.
        name: Of a saved question, or `OWN_WORDS`.
        words: The question, where it is in own words.
        since_on: First day a saved question looks at.
        by: Who asks.
        now: When.

    Raises:
        NoSuchQuestionError: If there is no saved question of this name.
        TooManyQuestionsError: If several of theirs wait already.
    """
    if name != OWN_WORDS and name not in SAVED:
        raise NoSuchQuestionError
    mine = _waiting().where(
        BooksQuestion.community_id == community_id, BooksQuestion.asked_by_id == by.id
    )
    waiting = session.scalars(mine).all()
    for found in waiting:
        if (found.name, found.words, found.since_on) == (name, words, since_on):
            return found
    if len(waiting) >= WAITING_MAX:
        raise TooManyQuestionsError
    question = BooksQuestion(
        community_id=community_id,
        id=new_id(),
        asked_by_id=by.id,
        name=name,
        since_on=since_on,
        words=words,
        asked_at=now,
    )
    session.add(question)
    return question


def find(
    session: Session, community_id: uuid.UUID, question_id: uuid.UUID, *, by: Holder
) -> BooksQuestion:
    """A question one asked oneself.

    Raises:
        NoSuchQuestionError: If there is none, it is somebody else's, or it was forgotten.
    """
    found = session.get(BooksQuestion, (community_id, question_id))
    if found is None or found.asked_by_id != by.id:
        raise NoSuchQuestionError
    return found


def before(session: Session, question: BooksQuestion) -> int:
    """How many questions of this installation are answered first."""
    count = session.scalar(
        sa.select(sa.func.count())
        .select_from(BooksQuestion)
        .where(BooksQuestion.ended_at.is_(None), BooksQuestion.asked_at < question.asked_at)
    )
    return int(count or 0)


def asked_by(session: Session, community_id: uuid.UUID, by: Holder) -> Sequence[BooksQuestion]:
    """The questions somebody asked lately, the newest first; their answers are left out."""
    return session.scalars(
        sa.select(BooksQuestion)
        .where(BooksQuestion.community_id == community_id, BooksQuestion.asked_by_id == by.id)
        .order_by(BooksQuestion.id.desc())
        .limit(SHOWN_MAX)
        .options(sa.orm.defer(BooksQuestion.answer))
    ).all()


def answer_due(settings: Settings, *, now: dt.datetime, stop: threading.Event | None = None) -> int:
    """Answer the question that waits longest; return how many that were.

    One at a time in the whole installation: a small machine has other things to do.
    """
    if db.session().scalar(_due(now).with_only_columns(BooksQuestion.id).limit(1)) is None:
        return 0
    with programs.alone(settings) as nobody_else:
        if not nobody_else:
            return 0
        taken = run_in_transaction(lambda session: _take(session, now=now))
        if taken is None:
            return 0
        key, question_id, asked = taken
        community = db.session().get_one(Community, key)
        paths = auditing.paths_of(settings, community)
        try:
            ended = _answer(paths, asked, stop=stop)
        except ShuttingDownError:
            run_in_transaction(lambda session: _let_go(session, key, question_id))
            return 0
        run_in_transaction(lambda session: _keep(session, key, question_id, ended, now=now))
        return 1


def delete_old(session: Session, *, now: dt.datetime) -> int:
    """Forget questions and answers of last week; return how many."""
    gone = session.execute(sa.delete(BooksQuestion).where(BooksQuestion.asked_at < now - KEPT_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _waiting() -> sa.Select[BooksQuestion]:
    return sa.select(BooksQuestion).where(BooksQuestion.ended_at.is_(None))


def _due(now: dt.datetime) -> sa.Select[BooksQuestion]:
    never_or_cut_off = BooksQuestion.started_at.is_(None) | (BooksQuestion.started_at < now - LEASE)
    return _waiting().where(never_or_cut_off).order_by(BooksQuestion.asked_at)


def _take(session: Session, *, now: dt.datetime) -> tuple[uuid.UUID, uuid.UUID, str] | None:
    question = session.scalar(_due(now).limit(1).with_for_update())
    if question is None:
        return None
    question.started_at = now
    community = session.get_one(Community, question.community_id)
    return question.community_id, question.id, _asked(question, community, now=now)


def _asked(question: BooksQuestion, community: Community, *, now: dt.datetime) -> str:
    """The question as the program reads it."""
    saved = SAVED.get(question.name)
    today = community.day_of(now)
    values: dict[str, str] = {}
    if saved is not None and saved.takes_since:
        values["since"] = (question.since_on or dt.date(1, 1, 1)).isoformat()
    facts: dict[str, Any] = {
        "bql": saved.bql if saved is not None else question.words,
        "values": values,
        "today": today.isoformat(),
    }
    return json.dumps(facts)


def _answer(paths: auditing.Paths, asked: str, *, stop: threading.Event | None) -> Ended:
    try:
        auditing.export_books(paths)
    except (LedgerRefusal, OSError) as error:
        return auditing.not_written(paths, error)
    limits = ("--seconds", str(SECONDS_MAX), "--megabytes", str(MEGABYTES_MAX))
    return programs.run(
        "ledger.audit.ask",
        [str(paths.folder), *limits],
        seconds=SECONDS_MAX,
        words=asked,
        stop=stop,
    )


def _keep(
    session: Session, key: uuid.UUID, question_id: uuid.UUID, ended: Ended, *, now: dt.datetime
) -> None:
    question = session.get(BooksQuestion, (key, question_id))
    if question is None:
        return
    question.ended_at = now
    question.answer = ended.answer
    if ended.answer is None:
        question.outcome, question.stop = "stopped", ended.stop
    else:
        question.outcome = "refused" if "refused" in ended.answer else "answered"


def _let_go(session: Session, key: uuid.UUID, question_id: uuid.UUID) -> None:
    session.get_one(BooksQuestion, (key, question_id)).started_at = None
