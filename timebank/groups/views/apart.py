"""That somebody stays away from one group for a time: deciding, looking again, appealing."""

import uuid

from flask import flash, g, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries, service
from timebank.groups.errors import GroupNotFoundError, NoPartInGroupError
from timebank.groups.forms import (
    OUTCOME_NAMES,
    AnswerForm,
    AppealForm,
    ExclusionForm,
    ReviewForm,
)
from timebank.groups.models import Exclusion
from timebank.groups.policy.exclusion import may_answer_appeal, may_look_again
from timebank.groups.views.frame import (
    Seen,
    bp,
    check_goes_on,
    refused,
    run,
    run_on,
    seen,
    somebody,
    to,
)
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.web.access import Access, access
from timebank.web.filters import short_day, today
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.get("/groups/<group_slug>/apart")
@access(Access.MEMBER)
def apart(group_slug: str) -> ResponseReturnValue:
    """List the decisions of a group, for those who run this very group."""
    found = run(group_slug)
    decisions = queries.exclusions(db.session(), found.group)
    known = members.several(db.session(), g.community.id, [each.member_id for each in decisions])
    return page(
        "groups/apart.html",
        group=found.group,
        runs=found.group.is_open,
        rows=[
            {
                "words": known[each.member_id].first_name,
                "note": _days(each),
                "href": url_for(
                    "groups.decision", group_slug=found.group.slug, exclusion_id=each.id
                ),
                "tag": _state(each),
                "tag_kind": "wait" if _waits(each) else "quiet",
            }
            for each in decisions
        ],
    )


def _days(decision: Exclusion) -> str:
    return _(
        "%(first)s to %(last)s",
        first=short_day(decision.from_on),
        last=short_day(decision.until_on),
    )


def _waits(decision: Exclusion) -> bool:
    """Tell whether somebody should look at a decision now."""
    appealed = decision.appealed_at is not None and decision.appeal_outcome is None
    return decision.holds_on(today()) and (appealed or decision.review_on <= today())


def _state(decision: Exclusion) -> str:
    if not decision.holds_on(today()):
        return _("Over")
    if decision.appealed_at is not None and decision.appeal_outcome is None:
        return _("Appeal to answer")
    if decision.review_on <= today():
        return _("Look at it again")
    return _("Holds")


@bp.route("/groups/<group_slug>/apart/new", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def exclude(group_slug: str) -> ResponseReturnValue:
    """Decide that somebody stays away from this group for a time."""
    found = run_on(group_slug)
    form = ExclusionForm()
    if form.validate_on_submit() and (member := _other(form)) is not None:
        try:
            service.exclude(
                db.session(),
                found.group,
                member,
                until_on=form.until_on.day,
                review_on=form.review_on.day,
                reason=form.reason.data,
                by=g.member,
                who=found.who,
                today=today(),
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Noted. It ends by itself, and nobody outside this group sees it."), "note")
            return to("apart", found.group)
    return page("groups/exclude.html", form, mistaken=form.is_submitted(), group=found.group)


def _other(form: ExclusionForm) -> Member | None:
    """Return whom a form means; where that is open, or it is oneself, say so and return None."""
    member = somebody(form)
    if member is not None and member.id == g.member.id:
        form.who.errors = [_("Nobody decides this about themselves. Ask somebody else to.")]
        return None
    return member


def _decision(found: Seen, exclusion_id: uuid.UUID) -> tuple[Exclusion, Member]:
    decision = queries.exclusion(db.session(), found.group, exclusion_id)
    return decision, members.get(db.session(), g.community.id, decision.member_id)


@bp.get("/groups/<group_slug>/apart/<uuid:exclusion_id>")
@access(Access.MEMBER)
def decision(group_slug: str, exclusion_id: uuid.UUID) -> ResponseReturnValue:
    """Show one decision to those who run the group."""
    found = run(group_slug)
    decided, member = _decision(found, exclusion_id)
    by = members.get(db.session(), g.community.id, decided.decided_by_id)
    waits = decided.appealed_at is not None and decided.appeal_outcome is None
    return page(
        "groups/decision.html",
        group=found.group,
        decision=decided,
        name=member.first_name,
        facts=_facts(decided, by=by.first_name),
        holds=decided.holds_on(today()) and found.group.is_open,
        looks_again=may_look_again(decided, found.who, by_id=g.member.id),
        appealed=waits,
        may_answer=waits and may_answer_appeal(decided, found.who, by_id=g.member.id),
    )


def _facts(decided: Exclusion, *, by: str = "") -> list[dict[str, object]]:
    outcome = decided.appeal_outcome
    rows = (
        (_("From"), short_day(decided.from_on)),
        (_("Last day"), short_day(decided.until_on)),
        (_("Ended early on"), short_day(decided.lifted_on) if decided.lifted_on else ""),
        (_("Why"), decided.reason),
        (_("Decided by"), by),
        (_("Looked at again on"), short_day(decided.reviewed_on) if decided.reviewed_on else ""),
        (_("What was said then"), decided.review_words),
        (_("Next look"), short_day(decided.review_on)),
        (_("The appeal"), decided.appeal_words),
        (_("The answer"), str(OUTCOME_NAMES[outcome]) if outcome else ""),
        (_("Why so"), decided.appeal_answer),
    )
    return [{"key": key, "value": value} for key, value in rows if value]


@bp.route("/groups/<group_slug>/apart/<uuid:exclusion_id>/review", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def review(group_slug: str, exclusion_id: uuid.UUID) -> ResponseReturnValue:
    """Look at a decision again."""
    found = run_on(group_slug)
    decided, member = _decision(found, exclusion_id)
    form = ReviewForm(data={"review_on": decided.until_on})
    if form.validate_on_submit():
        try:
            if form.outcome.data == "lifted":
                service.lift(
                    db.session(),
                    found.group,
                    decided,
                    words=form.words.data,
                    by=g.member,
                    who=found.who,
                    today=today(),
                    now=utc_now(),
                )
            else:
                service.review(
                    found.group,
                    decided,
                    words=form.words.data,
                    next_review_on=form.review_on.data or decided.until_on,
                    by=g.member,
                    who=found.who,
                    today=today(),
                )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Noted."))
            return to("decision", found.group, exclusion_id=decided.id)
    return page(
        "groups/review.html",
        form,
        mistaken=form.is_submitted(),
        group=found.group,
        decision=decided,
        name=member.first_name,
    )


@bp.route("/groups/<group_slug>/apart/<uuid:exclusion_id>/answer", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def answer_appeal(group_slug: str, exclusion_id: uuid.UUID) -> ResponseReturnValue:
    """Answer an appeal, as somebody who did not decide."""
    found = run_on(group_slug)
    decided, member = _decision(found, exclusion_id)
    if not may_answer_appeal(decided, found.who, by_id=g.member.id):
        raise GroupNotFoundError
    form = AnswerForm()
    if form.validate_on_submit():
        try:
            service.answer_appeal(
                db.session(),
                found.group,
                decided,
                outcome=form.outcome.data,
                words=form.words.data,
                until_on=form.until_on.data,
                by=g.member,
                who=found.who,
                today=today(),
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Answered. %(name)s has been told.", name=member.first_name))
            return to("decision", found.group, exclusion_id=decided.id)
    return page(
        "groups/answer_appeal.html",
        form,
        mistaken=form.is_submitted(),
        group=found.group,
        decision=decided,
        name=member.first_name,
    )


# ------------------------------------------------------------------- the member themselves


def _own(group_slug: str) -> tuple[Seen, Exclusion]:
    found = seen(group_slug)
    decided = queries.own_exclusion(db.session(), found.group, g.member)
    if decided is None:
        raise NoPartInGroupError
    return found, decided


@bp.get("/groups/<group_slug>/away")
@access(Access.MEMBER)
def away(group_slug: str) -> ResponseReturnValue:
    """Show a member what was decided about them, and how to ask for another look."""
    found, decided = _own(group_slug)
    holds = decided.holds_on(today())
    return page(
        "groups/away.html",
        group=found.group,
        facts=_facts(decided),
        holds=holds,
        may_appeal=holds and found.group.is_open and decided.appealed_at is None,
    )


@bp.route("/groups/<group_slug>/away/appeal", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def appeal(group_slug: str) -> ResponseReturnValue:
    """Ask that somebody else looks at a decision."""
    found, decided = _own(group_slug)
    check_goes_on(found.group)
    form = AppealForm()
    if form.validate_on_submit():
        service.appeal(
            db.session(),
            found.group,
            decided,
            words=form.words.data,
            by=g.member,
            today=today(),
            now=utc_now(),
        )
        flash(_("Sent. Somebody who did not decide will look at it and answer you."))
        return to("away", found.group)
    return page("groups/appeal.html", form, mistaken=form.is_submitted(), group=found.group)
