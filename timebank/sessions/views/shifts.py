"""What people do with a rota: put a name down, answer, step back, pass a part on."""

import uuid

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import (
    NoRoleChosenError,
    RotaOverError,
    ShiftNotFoundError,
    SwapNotFoundError,
)
from timebank.sessions.forms.rota import EVERYBODY, PutDownForm, SwapForm
from timebank.sessions.models import GroupSession, Shift, ShiftSwap
from timebank.sessions.policy import rota as policy
from timebank.sessions.views import rosters
from timebank.sessions.views.frame import Seen, bp
from timebank.sessions.views.refusing import refused
from timebank.sessions.views.rota import session_on_rota, to_week
from timebank.web.access import Access, access
from timebank.web.pages import page
from timebank.web.refusals import words_of
from timebank.web.session import writes
from timebank.web.words import gettext as _

#: People in a list to choose from.
CHOICES_MAX = 300


@bp.get("/me/rota")
@access(Access.MEMBER)
def my_rota() -> ResponseReturnValue:
    """Show what a member was asked for, what they said yes to, and what others would pass on."""
    session, now = db.session(), utc_now()
    own = [rosters.own_of(each) for each in queries.own_shifts(session, g.member, since=now)]
    return page(
        "sessions/my_rota.html",
        asked=[each for each in own if each["state"] == "asked"],
        coming=[each for each in own if each["state"] == "yes"],
        swaps=[rosters.swap_of(each) for each in queries.swaps_for(session, g.member, now=now)],
    )


@bp.post("/sessions/<uuid:session_id>/rota/take")
@access(Access.MEMBER)
@writes
def take_role(session_id: uuid.UUID) -> ResponseReturnValue:
    """Put one's own name down."""
    planned, found = session_on_rota(session_id)
    service.put_name_down(
        db.session(),
        found.group,
        planned,
        _key(request.form.get("role")),
        by=g.member,
        now=utc_now(),
    )
    flash(_("Thank you. Your name is down."))
    return to_week(found.group, planned)


def _key(text: str | None) -> uuid.UUID:
    try:
        return uuid.UUID(text or "")
    except ValueError as error:
        raise NoRoleChosenError from error


@bp.route("/sessions/<uuid:session_id>/rota/put-down", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def put_down(session_id: uuid.UUID) -> ResponseReturnValue:
    """Put somebody else down; they are asked."""
    planned, found = session_on_rota(session_id)
    if not policy.may_plan(found.who):
        raise ShiftNotFoundError
    if (elsewhere := _over(found.group, planned)) is not None:
        return elsewhere
    session, group = db.session(), found.group
    [rostered] = queries.rostered(session, [(planned, group)])
    there = {hand.member_id for hand in rostered.roster.coming}
    people = _people(group, without=there)
    form = PutDownForm(role=request.args.get("role"))
    form.role.choices = [
        SelectChoice(str(cover.role.id), rosters.missing_words(cover))
        for cover in rostered.roster.covers
        if cover.missing
    ]
    form.member.choices = _offer(people)
    if form.validate_on_submit():
        member = next(each for each in people if str(each.id) == form.member.data)
        if _asked(found, planned, member, form):
            return to_week(group, planned)
    return page(
        "sessions/put_down.html",
        form,
        mistaken=form.is_submitted(),
        group=group,
        when=rosters.when_words(planned),
        back=_back(group, planned),
        has_choice=bool(form.role.choices and people),
    )


def _over(group: Group, planned: GroupSession) -> ResponseReturnValue | None:
    """Lead back to the rota where it stays as it is; what was sent meanwhile is refused."""
    if request.method == "POST" or policy.is_to_come(planned, now=utc_now()):
        return None
    flash(words_of(RotaOverError()), "note")
    return to_week(group, planned)


def _people(group: Group, *, without: set[uuid.UUID]) -> list[Member]:
    found = groups.companions(db.session(), group, limit=CHOICES_MAX)
    return [each.member for each in found if each.member.id not in without]


def _offer(people: list[Member]) -> list[SelectChoice]:
    return [
        SelectChoice(str(each.id), f"{each.first_name} ({each.account_code})") for each in people
    ]


def _asked(found: Seen, planned: GroupSession, member: Member, form: PutDownForm) -> bool:
    """Put somebody down as the form says; put a refusal beside it and return False."""
    try:
        service.put_down(
            db.session(),
            found.group,
            planned,
            uuid.UUID(form.role.data),
            member,
            by=g.member,
            who=found.who,
            now=utc_now(),
        )
    except RefusalError as refusal:
        refused(form, refusal)
        return False
    if member.id == g.member.id:
        flash(_("Thank you. Your name is down."))
    else:
        flash(_("%(name)s was asked. You hear their answer.", name=member.first_name))
    return True


def _back(group: Group, planned: GroupSession) -> str:
    return url_for("sessions.rota", group_slug=group.slug, week=planned.day_on.isoformat())


@bp.post("/rota/parts/<uuid:shift_id>/<any(yes,no,off):answer>")
@access(Access.MEMBER)
@writes
def answer_shift(shift_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """Say yes or no to being asked, or take a name off."""
    part, planned, found = _part(shift_id)
    session, now = db.session(), utc_now()
    if answer == "off":
        service.step_back(session, found.group, planned, part, by=g.member, who=found.who, now=now)
        flash(_("The name is off the rota."), "note")
    else:
        service.answer(
            session, found.group, planned, part, yes=answer == "yes", by=g.member, now=now
        )
        if answer == "yes":
            flash(_("Thank you. Your name is down."))
        else:
            flash(_("No problem. They have been told."), "note")
    return to_week(found.group, planned)


def _part(shift_id: uuid.UUID) -> tuple[Shift, GroupSession, Seen]:
    """Load a part of the caller's own, or of somebody in a group that they run."""
    part = queries.shift(db.session(), g.community.id, shift_id)
    planned, found = session_on_rota(part.session_id)
    if part.member_id != g.member.id and not policy.may_plan(found.who):
        raise ShiftNotFoundError
    return part, planned, found


@bp.route("/rota/parts/<uuid:shift_id>/swap", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def swap(shift_id: uuid.UUID) -> ResponseReturnValue:
    """Look for somebody who takes a part over: one person, or anybody in the group."""
    part, planned, found = _part(shift_id)
    if part.member_id != g.member.id:
        raise ShiftNotFoundError
    if (elsewhere := _over(found.group, planned)) is not None:
        return elsewhere
    session, group = db.session(), found.group
    there = set(queries.on_duty(session, planned, group))
    people = _people(group, without=there | {g.member.id})
    form = SwapForm()
    form.asked.choices = [
        SelectChoice(EVERYBODY, _("Everybody in the group")),
        *(
            SelectChoice(str(each.id), f"{each.first_name} ({each.account_code})")
            for each in people
        ),
    ]
    if form.validate_on_submit():
        asked = next((each for each in people if str(each.id) == form.asked.data), None)
        try:
            service.ask_to_swap(
                session, group, planned, part, asked=asked, by=g.member, now=utc_now()
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Asked. Until somebody says yes it stays with you."), "note")
            return to_week(group, planned)
    return page(
        "sessions/swap.html",
        form,
        mistaken=form.is_submitted(),
        group=group,
        when=rosters.when_words(planned),
        role=queries.role(session, g.community.id, part.role_id).name,
        back=_back(group, planned),
    )


@bp.post("/rota/swaps/<uuid:swap_id>/<any(take,no,stop):answer>")
@access(Access.MEMBER)
@writes
def answer_swap(swap_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """Take a part over, say no, or stop asking."""
    asked, planned, found = _asked_swap(swap_id)
    session, now = db.session(), utc_now()
    if answer == "take":
        service.take_over(session, found.group, planned, asked, by=g.member, now=now)
        flash(_("Thank you. It is yours now, and both of you have been told."))
    elif answer == "no":
        service.say_no(session, found.group, planned, asked, by=g.member, now=now)
        flash(_("No problem. They have been told."), "note")
    else:
        service.stop_asking(session, planned, asked, by=g.member, who=found.who, now=now)
        flash(_("Nobody is asked any more. It stays with you."), "note")
    return to_week(found.group, planned)


def _asked_swap(swap_id: uuid.UUID) -> tuple[ShiftSwap, GroupSession, Seen]:
    """Load a question of a group that the caller belongs to or runs."""
    asked = queries.swap(db.session(), g.community.id, swap_id)
    part = queries.shift(db.session(), g.community.id, asked.shift_id)
    planned, found = session_on_rota(part.session_id)
    if not (found.who.belongs or standing.may_run(found.who)):
        raise SwapNotFoundError
    return asked, planned, found
