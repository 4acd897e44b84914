"""What an hour with a group moves: the rule in sentences, what it would do, and a new one."""

import datetime as dt
from collections import Counter

from flask import flash, g, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.errors import RefusalError
from timebank.groups import names, queries, service
from timebank.groups.errors import GroupNotFoundError
from timebank.groups.forms import CreditingForm
from timebank.groups.models import CreditingRule
from timebank.groups.policy import crediting as policy
from timebank.groups.policy.crediting import Attendance, PotShare, Terms, terms_of
from timebank.groups.policy.shares import Leg
from timebank.groups.views.frame import Seen, bp, refused, run_on, seen, to
from timebank.web import corners
from timebank.web.access import Access, access
from timebank.web.filters import day, hours_label, hours_signed, today
from timebank.web.pages import page
from timebank.web.session import writes
from timebank.web.words import gettext as _

FIELDS = (
    *("kind", "activity", "pot_minutes", "credits_participants"),
    *("cost_minutes", "is_shared_evenly", "applies_from_on"),
)
#: A made-up session to see a rule at work: two hosts, one of the staff, six who took part.
EXAMPLE = (
    Attendance("M000001", 120, is_host=True),
    Attendance("M000002", 90, is_host=True),
    Attendance("M000003", 120, is_host=True, is_paid=True),
    *(Attendance(f"M{number:06d}", 60) for number in range(4, 10)),
)
GUESTS = 6


@bp.get("/groups/<group_slug>/crediting")
@access(Access.MEMBER)
def crediting(group_slug: str) -> ResponseReturnValue:
    """Show what an hour with the group moves, now and before."""
    found = seen(group_slug)
    if not found.who.is_member:
        raise GroupNotFoundError
    session, group = db.session(), found.group
    now_holds = queries.crediting_rule_on(session, group, today())
    rules = queries.crediting_rules(session, group)
    latest = rules[0] if rules else None
    return page(
        "groups/crediting.html",
        group=group,
        runs=found.runs and group.is_open,
        words=names.rule_words(terms_of(now_holds)),
        is_written=now_holds is not None,
        since=day(now_holds.applies_from_on) if now_holds is not None else "",
        coming=_version(latest) if latest and latest.applies_from_on > today() else None,
        earlier=[
            _version(rule)
            for rule in rules
            if rule is not now_holds and rule.applies_from_on <= today()
        ],
    )


def _version(rule: CreditingRule) -> dict[str, object]:
    return {
        "number": rule.version,
        "since": day(rule.applies_from_on),
        "words": names.rule_words(terms_of(rule)),
    }


@bp.get("/groups/<group_slug>/crediting/change")
@access(Access.MEMBER)
def change_crediting(group_slug: str) -> ResponseReturnValue:
    """Choose another rule; the next page shows what it would do."""
    found = run_on(group_slug)
    rules = queries.crediting_rules(db.session(), found.group, limit=1)
    terms = terms_of(rules[0] if rules else None)
    form = CreditingForm(
        data={name: getattr(terms, name) for name in FIELDS[:-1]} | {"applies_from_on": today()}
    )
    return _change_page(found, form)


def _change_page(
    found: Seen, form: CreditingForm, *, mistaken: bool = False
) -> ResponseReturnValue:
    return page("groups/change_crediting.html", form, mistaken=mistaken, group=found.group)


@bp.get("/groups/<group_slug>/crediting/preview")
@access(Access.MEMBER)
def preview_crediting(group_slug: str) -> ResponseReturnValue:
    """Show what a rule would post, before it counts."""
    found = run_on(group_slug)
    form = CreditingForm(request.args, meta={"csrf": False})
    if not form.validate():
        return _change_page(found, form, mistaken=True)
    terms = _terms(form)
    try:
        policy.check_terms(terms)
        policy.check_begins(form.applies_from_on.day, today=today())
    except RefusalError as refusal:
        refused(form, refusal)
        return _change_page(found, form, mistaken=True)
    return page(
        "groups/preview_crediting.html",
        group=found.group,
        words=names.rule_words(terms),
        since=day(form.applies_from_on.day),
        rows=_example(terms),
        tried=corners.filled("rule tried", group=found.group, terms=terms),
        hidden={name: _sent(form[name].data) for name in FIELDS if form[name].data},
        back=url_for("groups.change_crediting", group_slug=found.group.slug),
    )


def _terms(form: CreditingForm) -> Terms:
    return Terms(**{name: form[name].data for name in FIELDS[:-1]})


def _sent(value: object) -> str:
    if isinstance(value, dt.date):
        return value.isoformat()
    return "y" if value is True else str(value)


def _example(terms: Terms) -> list[list[str]]:
    """Return who gets and gives what in a made-up session."""
    legs = policy.legs_of(terms, EXAMPLE, [PotShare("G000002")])
    moved = moved_by(legs)
    codes = [each.code for each in EXAMPLE]
    rows = [
        (_("A host, %(hours)s", hours=hours_label(120)), moved[codes[0]]),
        (_("A host, %(hours)s", hours=hours_label(90)), moved[codes[1]]),
        (_("Paid staff, %(hours)s", hours=hours_label(120)), moved[codes[2]]),
        (
            _("%(count)d who took part, %(hours)s each", count=GUESTS, hours=hours_label(60)),
            sum(moved[code] for code in codes[3:]),
        ),
        (_("The pot"), moved["G000002"]),
        (_("Recognised as activity"), moved[policy.source_of(terms)]),
    ]
    total = sum(minutes for _words, minutes in rows)
    return [[words, hours_signed(minutes)] for words, minutes in rows] + [
        [_("Together"), hours_signed(total)]
    ]


def moved_by(legs: tuple[Leg, ...]) -> Counter[str]:
    """Add up what each account gains, or gives away where it is less than nothing."""
    found: Counter[str] = Counter()
    for payer, payee, minutes in legs:
        found[payer] -= minutes
        found[payee] += minutes
    return found


@bp.post("/groups/<group_slug>/crediting")
@access(Access.MEMBER)
@writes
def write_crediting(group_slug: str) -> ResponseReturnValue:
    """Let another rule hold from a day on."""
    found = run_on(group_slug)
    form = CreditingForm()
    if form.validate():
        try:
            service.write_crediting_rule(
                db.session(),
                found.group,
                _terms(form),
                applies_from_on=form.applies_from_on.day,
                by=g.member,
                who=found.who,
                today=today(),
                now=utc_now(),
            )
        except RefusalError as refusal:
            refused(form, refusal)
        else:
            flash(_("Saved. It holds from that day on; what was posted before stays."))
            return to("crediting", found.group)
    return _change_page(found, form, mistaken=True)
