"""Hours into a pot and out of it: giving, asking, deciding."""

import uuid
from typing import Any

from flask import abort, flash, g
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import queries, service
from timebank.groups.errors import OverMutualLimitError
from timebank.groups.forms import AskPotForm, PotForm, PotRuleForm, TransferForm, offered
from timebank.groups.models import PotMove
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.groups.views.frame import bp, refused, sentence, somebody
from timebank.groups.views.pot_frame import Pot, back_to, load_open
from timebank.hours import queries as hours
from timebank.hours.errors import TooFewHoursError
from timebank.web.access import Access, access
from timebank.web.filters import today
from timebank.web.pages import page
from timebank.web.refusals import error_page
from timebank.web.session import writes
from timebank.web.words import gettext as _


@bp.route("/pots/<pot_name>/give", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def give(pot_name: str) -> ResponseReturnValue:
    """Give hours to a pot."""
    found = load_open(pot_name)
    form = PotForm()
    if form.validate_on_submit():
        try:
            service.give(
                db.session(),
                g.community,
                found.code,
                minutes=form.minutes.data,
                words=form.words.data,
                by=g.member,
                today=today(),
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Thank you. The hours are in the pot."))
            return back_to(found)
    return page(
        "groups/pot_give.html",
        form,
        mistaken=form.is_submitted(),
        pot=found,
        own=hours.balance_of(db.session(), g.member).posted,
    )


@bp.route("/pots/<pot_name>/<any(ask,pay):kind>", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def ask(pot_name: str, kind: str) -> ResponseReturnValue:
    """Ask that a pot helps somebody, or let it pay a host."""
    found = load_open(pot_name, asks=kind == "ask", decides=kind == "pay")
    form = AskPotForm(data={"who": g.member.account_code} if kind == "ask" else {})
    if form.validate_on_submit() and (member := somebody(form)) is not None:
        try:
            move = service.ask_pot(
                db.session(),
                g.community,
                found.code,
                "grant" if kind == "ask" else "payment",
                member=member,
                minutes=form.minutes.data,
                words=form.words.data,
                by=g.member,
                who=found.who,
                today=today(),
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            return _after(found, move)
    return page(
        "groups/pot_ask.html",
        form,
        mistaken=form.is_submitted(),
        pot=found,
        pays=kind == "pay",
        two_above=queries.two_above(db.session(), g.community.id, found.code),
    )


def _after(found: Pot, move: PotMove) -> ResponseReturnValue:
    if move.state == "booked":
        flash(_("Done. The hours have moved."))
    else:
        flash(_("Asked. Somebody else decides, and you hear of it."), "note")
    return back_to(found)


@bp.route("/pots/<pot_name>/transfer", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def transfer(pot_name: str) -> ResponseReturnValue:
    """Let a pot give hours to another pot."""
    found = load_open(pot_name, decides=True)
    form = TransferForm()
    offered(form, "other_code", _other_pots(found))
    if form.validate_on_submit():
        try:
            move = service.ask_transfer(
                db.session(),
                g.community,
                found.code,
                form.other_code.data,
                minutes=form.minutes.data,
                words=form.words.data,
                by=g.member,
                who=found.who,
                today=today(),
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            return _after(found, move)
    return page("groups/pot_transfer.html", form, mistaken=form.is_submitted(), pot=found)


def _other_pots(found: Pot) -> list[SelectChoice]:
    """Offer the pots that hours may go to: of connected groups, and the community's."""
    session = db.session()
    if found.group is None:
        groups = [
            group
            for group in queries.groups_by_pot(session, g.community.id).values()
            if group.is_open
        ]
        choices = []
    else:
        groups = [each.group for each in queries.neighbours(session, found.group)]
        choices = [SelectChoice(COMMUNITY_POT, _("The whole community"))]
    return choices + [SelectChoice(group.account_code, group.name) for group in groups]


@bp.route("/pots/<pot_name>/rule", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def pot_rule(pot_name: str) -> ResponseReturnValue:
    """Say from when on two people decide about a pot, and how low it may go."""
    found = load_open(pot_name)
    session = db.session()
    floor = hours.balance(session, g.community.id, found.code).floor_minutes or 0
    form = PotRuleForm(
        data={
            "two_above_minutes": queries.two_above(session, g.community.id, found.code),
            "floor_minutes": -floor,
        }
    )
    if form.validate_on_submit():
        service.set_pot_rule(
            session,
            g.community,
            found.code,
            two_above_minutes=form.two_above_minutes.data,
            floor_minutes=-form.floor_minutes.data,
            by=g.member,
            who=found.who,
            now=utc_now(),
        )
        flash(_("Saved."))
        return back_to(found)
    return page("groups/pot_rule.html", form, mistaken=form.is_submitted(), pot=found)


@bp.post("/pots/<pot_name>/moves/<uuid:move_id>/<any(yes,no):answer>")
@access(Access.MEMBER)
@writes
def decide(pot_name: str, move_id: uuid.UUID, answer: str) -> ResponseReturnValue:
    """Say yes or no to something a pot is asked for."""
    found = load_open(pot_name)
    session = db.session()
    move = queries.move(session, g.community.id, move_id)
    if move.pot_code != found.code:
        abort(404)
    common: dict[str, Any] = {"by": g.member, "who": found.who, "now": utc_now()}
    if answer == "yes":
        try:
            service.approve(session, g.community, move, **common)
        except (TooFewHoursError, OverMutualLimitError) as refusal:
            return error_page(422, sentence(refusal))
        if move.state == "booked":
            flash(_("Done. The hours have moved."))
        else:
            flash(_("Your yes is noted. One more is missing."), "note")
    else:
        service.decline(session, g.community, move, **common)
        flash(_("Noted. The hours stay in the pot."), "note")
    return back_to(found)
