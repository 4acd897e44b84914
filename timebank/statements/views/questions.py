"""Questions to the books: those that are kept ready, an auditor's own, and their answers.

A program of its own answers, so an answer may have to be waited for.
"""

import datetime as dt
import re
import time
import uuid
from typing import Any, Final

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.hours import asking, policy
from timebank.hours.errors import NoSuchQuestionError, TooManyQuestionsError
from timebank.hours.models import OWN_WORDS, BooksQuestion
from timebank.hours.questions import SAVED
from timebank.listings.names import name_of
from timebank.statements import pictures, queries
from timebank.statements.forms import OwnQuestionForm, SavedQuestionForm
from timebank.statements.questions import WORDS, cell_words, column_words, is_minutes, size_of
from timebank.statements.views import verdict
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import ago, today
from timebank.web.refusals import say
from timebank.web.session import writes
from timebank.web.sheet import sheet
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

say(NoSuchQuestionError, _l("There is no such question, or its answer was forgotten. Ask again."))
say(
    TooManyQuestionsError,
    _l("Three of your questions wait already. Look at their answers first, then ask this one."),
)

bp = Blueprint("questions", __name__, url_prefix=f"{COMMUNITY_PREFIX}/books")
#: Rows of an answer on the page; the file has them all.
ROWS_SHOWN: Final = 60
#: How long the page itself waits for an answer before it says that it comes.
WAIT_SECONDS: Final = 4.0
LOOK_SECONDS: Final = 0.25
NUMBER: Final = re.compile(r"-?[0-9]+([.][0-9]+)?")
YEAR: Final = dt.timedelta(days=365)
#: The column that names kinds of help.
CATEGORY: Final = "category"
#: What is wrong with a question, by the reason the program gives.
REFUSED = {
    "kind": _l("Only questions are answered: SELECT, BALANCES, JOURNAL and PRINT."),
    "several": _l("One question at a time. Take away what stands after the semicolon ( ; )."),
    "place": _l("Write the value itself where %(name)s stands."),
    "syntax": _l("This is not a question of the language (BQL)."),
    "meaning": _l("This can not be asked of the books."),
    "run": _l("This could not be worked out."),
    "long": _l("This question is too long. Two thousand characters are the most."),
}
STOPPED = {
    "time": _l("It took longer than ten seconds and was stopped. Ask for less, or use a LIMIT."),
    "memory": _l("It took too much memory and was stopped. Ask for less, or use a LIMIT."),
    "space": _l("The books could not be written to the disk. Perhaps it is full."),
    "ahead": verdict.AHEAD,
    "foreign": verdict.FOREIGN,
    "fault": _l("It broke off in the middle. Please ask again."),
}


@bp.get("/questions")
@access(Access.TREASURY)
def index() -> ResponseReturnValue:
    """List the questions that are kept ready, and what one asked lately."""
    asked = asking.asked_by(db.session(), g.community.id, g.member)
    return render_template(
        "statements/questions.html",
        ready=[
            {"words": words.title, "href": url_for("questions.saved", name=name)}
            for name, words in WORDS.items()
        ],
        asked=[
            {
                "words": _title(question),
                "note": f"{_state_words(question)} · {ago(question.asked_at)}",
                "href": url_for("questions.answer", question_id=question.id),
            }
            for question in asked
        ],
        may_ask_freely=policy.may_ask_freely(g.roles),
    )


@bp.route("/questions/<name>", methods=["GET", "POST"])
@access(Access.TREASURY)
@writes
def saved(name: str) -> ResponseReturnValue:
    """Say what a question means, and ask it."""
    if name not in WORDS:
        raise NoSuchQuestionError
    form = SavedQuestionForm()
    if form.validate_on_submit():
        since_on = today() - YEAR if form.period.data == "year" else None
        question = asking.ask(
            db.session(),
            g.community.id,
            name=name,
            since_on=since_on if SAVED[name].takes_since else None,
            by=g.member,
            now=utc_now(),
        )
        return _to_answer(question)
    html = render_template(
        "statements/question.html",
        form=form,
        words=WORDS[name],
        bql=SAVED[name].bql.replace("%(since)s", (today() - YEAR).isoformat()),
        takes_since=SAVED[name].takes_since,
    )
    return html, 422 if form.is_submitted() else 200


@bp.route("/own-question", methods=["GET", "POST"])
@access(Access.AUDITOR)
@writes
def own() -> ResponseReturnValue:
    """Ask a question in the language of beancount."""
    form = OwnQuestionForm(words=request.args.get("words", ""))
    if form.validate_on_submit():
        question = asking.ask(
            db.session(),
            g.community.id,
            name=OWN_WORDS,
            words=form.words.data,
            by=g.member,
            now=utc_now(),
        )
        return _to_answer(question)
    html = render_template("statements/own_question.html", form=form)
    return html, 422 if form.is_submitted() else 200


def _to_answer(question: BooksQuestion) -> ResponseReturnValue:
    return redirect(url_for("questions.answer", question_id=question.id, wait=1), code=303)


@bp.get("/answers/<uuid:question_id>")
@access(Access.TREASURY)
def answer(question_id: uuid.UUID) -> ResponseReturnValue:
    """Show an answer, or that it is being worked out, or what is wrong with the question."""
    question = _patiently(question_id) if request.args.get("wait") == "1" else _found(question_id)
    page: dict[str, Any] = {
        "title": _title(question),
        "question": question,
        "again": _again(question),
        "means": WORDS[question.name].means if question.name in WORDS else "",
        "refused": "",
        "stopped": str(STOPPED[question.stop]) if question.stop else "",
    }
    if question.outcome is None:
        ahead = asking.before(db.session(), question)
        page["ahead"] = ngettext(
            "%(num)d question is answered first.", "%(num)d questions are answered first.", ahead
        )
    if question.outcome == "refused":
        page["refused"] = _refusal(question)
        page["form"] = OwnQuestionForm(words=question.words)
    if question.outcome == "answered":
        page |= _shown(question)
    return render_template("statements/answer.html", **page)


@bp.get("/answers/<uuid:question_id>.csv")
@access(Access.TREASURY)
def answer_file(question_id: uuid.UUID) -> ResponseReturnValue:
    """Hand over every row of an answer as a file for a spreadsheet; minutes stay minutes."""
    question = _found(question_id)
    if question.outcome != "answered" or question.answer is None:
        return redirect(url_for("questions.answer", question_id=question_id), code=303)
    columns, rows = question.answer["columns"], question.answer["rows"]
    response: Response = make_response(sheet([columns, *rows]))
    response.content_type = "text/csv; charset=utf-8"
    name = f"{question.name}-{question.asked_at.date().isoformat()}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _found(question_id: uuid.UUID) -> BooksQuestion:
    return asking.find(db.session(), g.community.id, question_id, by=g.member)


def _patiently(question_id: uuid.UUID) -> BooksQuestion:
    """Look again for a moment: most answers are there before one has read the page."""
    deadline = time.monotonic() + WAIT_SECONDS
    question = _found(question_id)
    while question.ended_at is None and time.monotonic() < deadline:
        # Nobody's connection is held while we wait, and the next look sees what was written since.
        db.session.rollback()
        time.sleep(LOOK_SECONDS)
        question = _found(question_id)
    return question


def _title(question: BooksQuestion) -> str:
    return str(WORDS[question.name].title) if question.name in WORDS else _("A question of my own")


def _again(question: BooksQuestion) -> str:
    if question.name == OWN_WORDS:
        return url_for("questions.own", words=question.words)
    return url_for("questions.saved", name=question.name)


def _state_words(question: BooksQuestion) -> str:
    words = {
        None: _("being worked out"),
        "answered": _("answered"),
        "refused": _("can not be asked like this"),
        "stopped": _("was stopped"),
    }
    return words[question.outcome]


def _refusal(question: BooksQuestion) -> dict[str, str]:
    """Say what is wrong with a question, and where."""
    refused = (question.answer or {}).get("refused", {})
    where, line = "", int(refused.get("line", 0))
    if line:
        place = {"line": line, "column": int(refused.get("column", 1))}
        where = _("Line %(line)d, character %(column)d", **place)
    return {
        "words": str(REFUSED.get(str(refused.get("reason")), REFUSED["run"])) % {"name": "%(…)s"},
        "where": where,
        # The parser says no more than that; the place says where to look.
        "detail": "" if refused.get("reason") == "syntax" and line else str(refused["detail"]),
    }


def _shown(question: BooksQuestion) -> dict[str, Any]:
    found = question.answer or {}
    columns, rows = found["columns"], _with_names(found["columns"], found["rows"])
    shown = rows[:ROWS_SHOWN]
    numbers = [_is_number(name, rows, place) for place, name in enumerate(columns)]
    return {
        "head": [
            {"words": column_words(name), "number": True} if number else column_words(name)
            for name, number in zip(columns, numbers, strict=True)
        ],
        "rows": [
            [cell_words(name, value) for name, value in zip(columns, row, strict=True)]
            for row in shown
        ],
        "nothing": str(WORDS[question.name].nothing) if question.name in WORDS else "",
        "count": _count(len(rows), is_cut=bool(found.get("is_cut"))),
        "more": len(rows) - len(shown),
        "basis": _(
            "Worked out from %(entries)s.", entries=verdict.entries_words(int(found["entries"]))
        ),
        "picture": _picture(question, columns, rows),
    }


def _with_names(columns: list[str], rows: list[list[Any]]) -> list[list[Any]]:
    """Call kinds of help what the community calls them, instead of their codes."""
    if CATEGORY not in columns:
        return rows
    place = columns.index(CATEGORY)
    named = queries.categories_by_code(db.session(), g.community.id)
    return [
        [
            name_of(named[value]) if at == place and value in named else value
            for at, value in enumerate(row)
        ]
        for row in rows
    ]


def _is_number(name: str, rows: list[list[Any]], place: int) -> bool:
    values = [row[place] for row in rows if row[place] is not None]
    return is_minutes(name) or (bool(values) and all(NUMBER.fullmatch(str(v)) for v in values))


def _count(count: int, *, is_cut: bool) -> str:
    if is_cut:
        return _("The first %(num)d rows; there are more.", num=count)
    return ngettext("%(num)d row", "%(num)d rows", count)


def _picture(
    question: BooksQuestion, columns: list[str], rows: list[list[Any]]
) -> pictures.Bars | None:
    """Draw the column that a kept question names; the newest months where there are many."""
    kept = SAVED.get(question.name)
    if kept is None or not kept.bars or not rows:
        return None
    size, label = columns.index(kept.bars), columns.index(kept.label)
    drawn = rows[-pictures.BARS_MAX :] if kept.label == "month" else rows
    return pictures.bars(
        [
            (str(row[label]), size_of(kept.bars, row[size]), cell_words(kept.bars, row[size]))
            for row in drawn
        ]
    )
