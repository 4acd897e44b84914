"""Close a session, read what it came to, and put that right."""

import datetime as dt
import uuid
from collections.abc import Callable

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError
from timebank.groups import names as group_names
from timebank.groups.models import Group
from timebank.groups.policy import crediting
from timebank.groups.policy.crediting import PotShare, Terms
from timebank.groups.policy.shares import Leg
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.sessions import door_names as names
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    AlreadyClosedError,
    EndOutOfRangeError,
    NotClosedYetError,
    SessionNotFoundError,
)
from timebank.sessions.forms.door import CloseForm, PutRightForm
from timebank.sessions.models import GroupSession, SessionClosing
from timebank.sessions.policy import closing as policy
from timebank.sessions.policy import ending
from timebank.sessions.policy.closing import Person
from timebank.sessions.queries import Draft
from timebank.sessions.service import Came
from timebank.sessions.views import posting
from timebank.sessions.views.at_door import (
    AtDoor,
    at_door,
    sentence,
    session_page,
    to_session,
    turned_away,
)
from timebank.sessions.views.elsewhere import LESS, elsewhere_words
from timebank.sessions.views.frame import bp
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.fields import STEP_MINUTES
from timebank.web.filters import clock_time, moment_words, zone
from timebank.web.pages import page
from timebank.web.session import new_submission_key, writes
from timebank.web.words import gettext as _

# ------------------------------------------------------------------------------- closing


@bp.route("/sessions/<uuid:session_id>/close", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def close(session_id: uuid.UUID) -> ResponseReturnValue:
    """Say what a session came to; the page shows what will be posted, and posts exactly that."""
    at = at_door(session_id)
    if at.there.state == "closed" and request.method == "POST":
        raise AlreadyClosedError
    if (elsewhere := turned_away(at, "open")) is not None:
        return elsewhere
    form, now = CloseForm(), utc_now()
    if _asks_for_what_is_left(form):
        draft = queries.draft(db.session(), at.held, ended_at=_ended_at(at, form))
        _write_what_is_left(at, form, draft)
    elif form.validate_on_submit() and _is_shown(form):
        done = _try(form, lambda: _close(at, form))
        if done is not None:
            flash(_closed_words(done))
            return to_session(at.there)
        at = at_door(session_id)
    if not form.is_submitted():
        offered = ending.offered_end(at.there, now=now, step_minutes=STEP_MINUTES)
        form.ended.data = clock_time(offered) if offered else ""
    draft = queries.draft(db.session(), at.held, ended_at=_ended_at(at, form))
    if not form.is_submitted():
        form.contacts.data = str(draft.counts.contacts)
        form.first_timers.data = str(draft.counts.first_timers)
    _remember_shown(form, draft)
    return page(
        "sessions/close.html",
        form,
        mistaken=_is_mistaken(form),
        early=_early_words(at, now),
        **_facts(at, draft, ended_at=_ended_at(at, form)),
    )


def _early_words(at: AtDoor, now: dt.datetime) -> str:
    """Say plainly that the session would not be over yet; nothing where it is."""
    there = at.there
    if now >= there.ends_at:
        return ""
    if now <= there.starts_at:
        return _(
            "It is %(now)s. The session was planned from %(start)s to %(end)s.",
            now=clock_time(now),
            start=clock_time(there.starts_at),
            end=clock_time(there.ends_at),
        )
    return _(
        "It is %(now)s. The session was planned until %(end)s.",
        now=clock_time(now),
        end=clock_time(there.ends_at),
    )


def _ended_at(at: AtDoor, form: CloseForm) -> dt.datetime | None:
    """Return the end that the form says; None while it says none."""
    if not form.ended.data or form.ended.errors or form.ended.process_errors:
        return None
    return ending.typed_end(at.there, form.ended.minute, zone())


def _is_shown(form: CloseForm) -> bool:
    """Tell whether the figures on the page were for the end that the form says."""
    if form.shown.data == form.ended.data:
        return True
    form.form_errors.append(
        _(
            "These are the hours for an end at %(end)s. Look at them, then send it again.",
            end=form.ended.data,
        )
    )
    return False


def _asks_for_what_is_left(form: CloseForm) -> bool:
    """Tell whether the button beside those who were elsewhere as well was pressed."""
    return form.is_submitted() and LESS in request.form


def _is_mistaken(form: CloseForm) -> bool:
    """Tell whether the page is shown again because something is to be mended."""
    if _asks_for_what_is_left(form):
        return bool(form.ended.errors or form.form_errors)
    return bool(form.is_submitted())


def _write_what_is_left(at: AtDoor, form: CloseForm, draft: Draft) -> None:
    """Note them for what is left, and show the page again with all that was typed."""
    if not (form.ended.validate(form) and _is_shown(form)):
        return
    ended_at = _ended_at(at, form)
    try:
        service.write_what_is_left(
            db.session(), at.held, draft, ended_at=ended_at, who=at.who, now=utc_now()
        )
    except EndOutOfRangeError as refusal:
        form.ended.errors = [sentence(refusal)]
        return
    flash(_("Noted. Look at the hours below, then close."))
    form.submission_key.data = new_submission_key()


def _remember_shown(form: CloseForm, draft: Draft) -> None:
    """Let the page just drawn be the one that counts: what was shown is what is posted."""
    form.seen.data, form.shown.data = draft.fingerprint, form.ended.data


def _close(at: AtDoor, form: CloseForm) -> SessionClosing:
    return service.close_session(
        db.session(),
        g.community,
        at.held,
        _came(at, form),
        by=g.member,
        who=at.who,
        now=utc_now(),
        seen=form.seen.data,
    )


def _closed_words(done: SessionClosing) -> str:
    if done.entry_id is None:
        return _("The session is closed. Everything is written down, and no hours moved.")
    return _("The session is closed, and the hours are posted. Thank you.")


# --------------------------------------------------------------------------- putting right


@bp.route("/sessions/<uuid:session_id>/correct", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def correct(session_id: uuid.UUID) -> ResponseReturnValue:
    """Put a closing right: what moves back and what moves instead, and why."""
    at = at_door(session_id)
    earlier = queries.closing_of(db.session(), at.there)
    if not at.runs:
        raise SessionNotFoundError
    if at.there.state != "closed" or earlier is None:
        flash(sentence(NotClosedYetError()), "note")
        return to_session(at.there)
    form = PutRightForm()
    if not form.is_submitted():
        form.ended.data = clock_time(earlier.ended_at or at.there.ends_at)
    if _asks_for_what_is_left(form):
        _write_what_is_left(at, form, _right(at, form, earlier)[1])
    elif form.validate_on_submit() and _is_shown(form):
        done = _try(form, lambda: _correct(at, form))
        if done is not None:
            flash(_("Put right. Those whose hours changed are told."))
            return to_session(at.there)
        at = at_door(session_id)
        earlier = queries.closings(db.session(), at.there)[0]
    before, draft = _right(at, form, earlier)
    if not form.is_submitted():
        _fill(form, earlier, draft)
    _remember_shown(form, draft)
    return page(
        "sessions/correct.html",
        form,
        mistaken=_is_mistaken(form),
        changes=posting.changes(at.held, before, draft.legs),
        **_facts(at, draft, ended_at=_ended_at(at, form)),
    )


def _right(at: AtDoor, form: CloseForm, earlier: SessionClosing) -> tuple[tuple[Leg, ...], Draft]:
    """Return what a closing posted, and what it would be put right to."""
    before = service.legs_of_entry(db.session(), g.community, earlier.entry_id)
    return before, queries.draft(
        db.session(),
        at.held,
        ended_at=_ended_at(at, form),
        rule_version=earlier.rule_version,
        reached=policy.moved_by(before),
    )


def _correct(at: AtDoor, form: PutRightForm) -> SessionClosing:
    return service.correct_session(
        db.session(),
        g.community,
        at.held,
        _came(at, form),
        reason=form.reason.data,
        by=g.member,
        who=at.who,
        now=utc_now(),
        seen=form.seen.data,
    )


def _fill(form: PutRightForm, earlier: SessionClosing, draft: Draft) -> None:
    """Begin with what was said before, moved by what the door has noted since."""
    since = draft.counts.contacts - earlier.counted
    form.contacts.data = str(max(draft.counts.known, earlier.contacts + since))
    form.first_timers.data = str(earlier.first_timers)
    form.topics.data = earlier.topic_keys
    form.topic_words.data, form.follow_up.data = earlier.topic_words, earlier.follow_up


def _try(form: CloseForm, act: Callable[[], SessionClosing]) -> SessionClosing | None:
    """Do it; what somebody can mend is said on the form, and nothing of it was done."""
    try:
        return act()
    except (ConflictError, NotAllowedError, NotFoundError):
        raise
    except RefusalError as refusal:
        said = sentence(refusal)
        db.session.rollback()
        if isinstance(refusal, EndOutOfRangeError):
            form.ended.errors = [said]
        else:
            form.form_errors.append(said)
        return None


def _came(at: AtDoor, form: CloseForm) -> Came:
    return Came(
        ended_at=_ended_at(at, form),
        contacts=form.contacts.number,
        first_timers=form.first_timers.number,
        topics=form.topics.data or (),
        topic_words=form.topic_words.data,
        follow_up=form.follow_up.data,
    )


# -------------------------------------------------------------------------------- reading


@bp.get("/sessions/<uuid:session_id>/closings/<int:version>")
@access(Access.MEMBER)
def closing(session_id: uuid.UUID, version: int) -> ResponseReturnValue:
    """Show what a session came to, as one version of its closing has it."""
    at = at_door(session_id)
    every = queries.closings(db.session(), at.there)
    found = next((each for each in every if each.version == version), None)
    if found is None:
        raise SessionNotFoundError
    people, by_code = _as_closed(found)
    legs = service.legs_of_entry(db.session(), g.community, found.entry_id)
    by = members.several(db.session(), g.community.id, [found.by_id] if found.by_id else [])
    return page(
        "sessions/closing.html",
        there=at.there,
        group=at.held.group,
        when=names.when_of(at.there),
        closing=found,
        figures=_figures(at.there, found),
        topics=names.topics_of(found.topic_keys),
        people=posting.who_was_there(people, by_code),
        moves=posting.moves(at.held, people, by_code, legs),
        shares=posting.shares(queries.shares_of(db.session(), found)),
        at=moment_words(found.at),
        by=next((member.first_name for member in by.values()), _("a list that was brought in")),
        versions=[
            {
                "words": _("Version %(number)d", number=each.version),
                "note": moment_words(each.at),
                "href": url_for("sessions.closing", session_id=at.there.id, version=each.version),
            }
            for each in every
            if each.version != version
        ],
        is_latest=found is every[0],
        back=session_page(at.there),
    )


def _figures(there: GroupSession, found: SessionClosing) -> list[dict[str, object]]:
    rows = [
        (_("People"), str(found.contacts)),
        (_("With a name"), str(found.known)),
        (_("For the first time"), str(found.first_timers)),
    ]
    if found.counted != found.contacts:
        rows.insert(1, (_("Counted at the door"), str(found.counted)))
    if found.ended_at is not None:
        ended = _(
            "%(end)s; it was planned until %(planned)s",
            end=clock_time(found.ended_at),
            planned=clock_time(there.ends_at),
        )
        rows.append((_("Ended at"), ended))
    return [{"key": key, "value": value} for key, value in rows]


def _facts(at: AtDoor, draft: Draft, *, ended_at: dt.datetime | None) -> dict[str, object]:
    """Return what a page of closing shows: who was there, and exactly what will be posted."""
    by_code = {each.member.account_code: each.member for each in draft.present}
    parts = [pot.parts for pot in draft.pots]
    shares = policy.share_out(
        [group.id for group in at.held.groups],
        parts,
        contacts=draft.counts.contacts,
        hosted=policy.hosted_minutes(draft.people),
    )
    return {
        "there": at.there,
        "group": at.held.group,
        "when": names.when_of(at.there),
        "planned_end": clock_time(at.there.ends_at),
        "counts": draft.counts,
        "rule": group_names.rule_words(draft.terms),
        "has_rule": draft.rule is not None,
        "people": posting.who_was_there(draft.people, by_code),
        "moves": posting.moves(at.held, draft.people, by_code, draft.legs),
        "shares": posting.shares(list(zip(shares, at.held.groups, strict=True))),
        "is_mutual": draft.terms.credits_participants
        or any(person.role == "both" for person in draft.people),
        "elsewhere": elsewhere_words(at, draft, ended_at=ended_at),
        "back": session_page(at.there),
    }


def tried_rule(*, group: Group, terms: Terms) -> Markup:
    """Show on the page of a group's rule what it would have moved at its latest session."""
    there = queries.last_closed(db.session(), group)
    last = queries.closing_of(db.session(), there) if there is not None else None
    if there is None or last is None:
        return Markup()
    held = queries.held(db.session(), group.community_id, there.id)
    people, by_code = _as_closed(last)
    pots = [
        PotShare(each.account_code, share.parts)
        for share, each in queries.shares_of(db.session(), last)
    ]
    legs = crediting.legs_of(terms, policy.attendances(terms, people), pots)
    return corners.drawn(
        "sessions/rule_tried.html",
        there=there,
        when=names.when_of(there),
        moves=posting.moves(held, people, by_code, legs),
    )


def _as_closed(closing: SessionClosing) -> tuple[list[Person], dict[str, Member]]:
    """Return who was at a session as a closing has it, and the members by their accounts."""
    there = queries.people_of(db.session(), closing)
    people = [
        Person(
            member_id=member.id,
            code=member.account_code,
            role=each.role,
            minutes=each.minutes,
            is_paid=each.is_paid,
        )
        for each, member in there
    ]
    return people, {member.account_code: member for _each, member in there}
