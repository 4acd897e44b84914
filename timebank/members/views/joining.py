"""Joining, one question a page. Whoever is signed in already joins as the person they are."""

import datetime as dt
import uuid
from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import db
from timebank.errors import NotFoundError
from timebank.members import emails, forms, policy, queries, service
from timebank.members.models import Member
from timebank.members.service.devices import begin_device, end_device
from timebank.members.service.throttle import JOIN_FROM
from timebank.members.views.blueprints import joining as bp
from timebank.members.views.caller import agent, count_try, device, hand_cookie, own_device
from timebank.members.views.place import front_page, here, house_rules
from timebank.web import drafts
from timebank.web.access import Access, access
from timebank.web.drafts import Draft
from timebank.web.fields import PageForm
from timebank.web.session import SUBMISSION_FIELD, run_in_transaction, writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

UNPROCESSABLE = 422
KIND = "join"
#: A second click on "Join" counts as the first for so long.
DOUBLE_CLICK = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Step:
    """One question of the chain."""

    name: str
    template: str
    form: type[PageForm]
    words: str
    fields: tuple[str, ...]


STEPS = (
    Step("name", "join/name.html", forms.NameForm, _l("First name"), ("first_name",)),
    Step("area", "join/area.html", forms.AreaForm, _l("Area"), ("area",)),
    Step("contact", "join/contact.html", forms.ContactForm, _l("Contact"), ("email", "phone")),
    Step(
        "offer",
        "join/offer.html",
        forms.CouldOfferForm,
        _l("What you could offer"),
        ("could_offer",),
    ),
    Step("wish", "join/wish.html", forms.WouldLikeForm, _l("What you would like"), ("would_like",)),
    Step("rules", "join/rules.html", forms.RulesForm, _l("House rules"), ()),
)
NAMES = [step.name for step in STEPS]


class NoSuchStepError(NotFoundError):
    """The chain has no such question."""


@bp.get("")
@access(Access.ANYONE)
def start() -> ResponseReturnValue:
    """Show what joining means here."""
    return _start_page("")


@bp.get("/by/<secret>")
@access(Access.ANYONE)
def invited(secret: str) -> ResponseReturnValue:
    """Show what joining means here to somebody with an invitation."""
    return _start_page(secret)


def _start_page(secret: str) -> ResponseReturnValue:
    community, session, present = here(), db.session(), device()
    member = queries.membership_of(session, community, present.person_id) if present else None
    if member is not None and member.state in policy.BELONGING:
        return redirect(url_for("members.me"), code=303)
    if member is not None and member.state in {"waiting", "refused"}:
        return redirect(url_for("members.waiting"), code=303)
    known = queries.invitation(session, community.id, secret, now=utc_now()) if secret else None
    form = forms.BeginForm(formdata=None, data={"invitation": secret if known else ""})
    return render_template(
        "join/start.html",
        form=form,
        can_join=policy.state_after_joining(community.joining, invited=known is not None),
        was_invited=bool(secret),
        signed_in=present is not None,
    )


@bp.post("")
@access(Access.ANYONE)
@writes
def begin() -> ResponseReturnValue:
    """Begin the chain."""
    form = forms.BeginForm()
    answers = {"invitation": (form.invitation.data or "")[:100]}
    draft = drafts.begin(
        db.session(), here().id, KIND, owner_id=None, answers=answers, now=utc_now()
    )
    return redirect(url_for("joining.step", draft_id=draft.id, name=NAMES[0]), code=303)


@bp.route("/<uuid:draft_id>/<name>", methods=["GET", "POST"])
@access(Access.ANYONE)
@writes
def step(draft_id: uuid.UUID, name: str) -> ResponseReturnValue:
    """Ask one question and keep the answer."""
    draft = _draft(draft_id)
    asked = next((one for one in STEPS if one.name == name), None)
    if asked is None:
        raise NoSuchStepError
    is_change = "change" in request.args
    form = asked.form(data={**draft.answers, "agree": _has_agreed(draft)})
    if form.validate_on_submit():
        kept = {field.name: field.data for field in form.asked if field.name != "agree"}
        if name == "rules":
            kept["rules_version"] = here().house_rules_version
        drafts.keep(draft, kept, now=utc_now())
        return redirect(_after(draft, name, is_change=is_change), code=303)
    page = render_template(
        asked.template,
        form=form,
        step=NAMES.index(name) + 1,
        steps=len(STEPS),
        back=_before(draft, name, is_change=is_change),
        rules=house_rules(here()),
    )
    return page, UNPROCESSABLE if form.is_submitted() else 200


def _has_agreed(draft: Draft) -> bool:
    return bool(draft.answers.get("rules_version") == here().house_rules_version)


def _after(draft: Draft, name: str, *, is_change: bool) -> str:
    following = NAMES.index(name) + 1
    if is_change or following == len(NAMES):
        return url_for("joining.check", draft_id=draft.id)
    return url_for("joining.step", draft_id=draft.id, name=NAMES[following])


def _before(draft: Draft, name: str, *, is_change: bool) -> str:
    if is_change:
        return url_for("joining.check", draft_id=draft.id)
    if name == NAMES[0]:
        secret = draft.answers.get("invitation", "")
        return url_for("joining.invited", secret=secret) if secret else url_for("joining.start")
    return url_for("joining.step", draft_id=draft.id, name=NAMES[NAMES.index(name) - 1])


def _draft(draft_id: uuid.UUID) -> Draft:
    draft = drafts.load(db.session(), here().id, draft_id, KIND, owner_id=None)
    if "member_id" in draft.answers:
        raise drafts.DraftGoneError
    return draft


# ---------------------------------------------------------------------------- the check


@bp.get("/<uuid:draft_id>/check")
@access(Access.ANYONE)
def check(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show every answer before joining."""
    draft = _draft(draft_id)
    missing = _first_missing(draft)
    if missing is not None:
        return redirect(url_for("joining.step", draft_id=draft.id, name=missing), code=303)
    return render_template(
        "join/check.html", form=forms.ButtonForm(), rows=_rows(draft), draft=draft
    )


def _first_missing(draft: Draft) -> str | None:
    if not draft.answers.get("first_name"):
        return "name"
    return None if _has_agreed(draft) else "rules"


def _rows(draft: Draft) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for one in STEPS:
        values = [str(draft.answers.get(field) or "") for field in one.fields]
        value = ", ".join(value for value in values if value) or _("Nothing")
        rows.append(
            {
                "key": one.words,
                "value": _("Agreed") if one.name == "rules" else value,
                "href": url_for("joining.step", draft_id=draft.id, name=one.name, change=1),
            }
        )
    return rows


@dataclass(frozen=True, slots=True)
class _Joined:
    member_id: uuid.UUID
    device_secret: str


@bp.post("/<uuid:draft_id>/check")
@access(Access.ANYONE)
def finish(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Join. The same button pressed twice joins once and still ends signed in."""
    form, now = forms.ButtonForm(), utc_now()
    if not form.validate():
        return redirect(url_for("joining.check", draft_id=draft_id), code=303)
    community_id = here().id
    key = request.form.get(SUBMISSION_FIELD, "")
    present = device()
    person_id = present.person_id if present else None

    def work(session: Session) -> _Joined | None:
        draft = drafts.load(session, community_id, draft_id, KIND, owner_id=None)
        session.refresh(draft, with_for_update=True)
        if "member_id" in draft.answers:
            member = _joined_before(session, draft, key, now)
        elif _first_missing(draft) is not None:
            return None
        else:
            member = _join(session, draft, person_id, now)
        return _begin_device(session, draft, member, key, now, is_new=person_id is None)

    joined = run_in_transaction(work)
    if joined is None:
        return redirect(url_for("joining.check", draft_id=draft_id), code=303)
    if joined.device_secret:
        hand_cookie(joined.device_secret, is_shared=False)
    return redirect(url_for("joining.done"), code=303)


def _joined_before(session: Session, draft: Draft, key: str, now: dt.datetime) -> Member:
    """Return who joined with this draft, if this is the same click of the same button again."""
    if draft.answers["key"] != key or now - draft.saved_at > DOUBLE_CLICK:
        raise drafts.DraftGoneError
    return queries.get(session, draft.community_id, uuid.UUID(draft.answers["member_id"]))


def _join(session: Session, draft: Draft, person_id: uuid.UUID | None, now: dt.datetime) -> Member:
    count_try(session, (JOIN_FROM, ""))
    community = session.get_one(Community, draft.community_id)
    told = draft.answers
    member = service.join(
        session,
        community,
        service.Answers(
            first_name=told["first_name"],
            area=told.get("area") or "",
            email=told.get("email") or "",
            phone=told.get("phone") or "",
            could_offer=told.get("could_offer") or "",
            would_like=told.get("would_like") or "",
            rules_version=told["rules_version"],
        ),
        person_id=person_id,
        invitation=told.get("invitation") or "",
        now=now,
    )
    if member.email:
        present = device()
        only_id = None if present is None else present.community_id
        confirm_address(session, community, member, now, opens_id=only_id)
    if member.state == "waiting":
        emails.tell_waiting(session, member, now=now)
    return member


def confirm_address(
    session: Session,
    community: Community,
    member: Member,
    now: dt.datetime,
    *,
    opens_id: uuid.UUID | None,
) -> None:
    """Send a link to a member's address, whoever's it may be; the link finds that out.

    `opens_id` is the only community the address may open: where a coordinator typed it, or somebody
    whose own device opens no other. None where the person did who joins.
    """
    assert member.person_id is not None  # noqa: S101 - the member has just joined or is signed in
    address = service.note_address(session, member.person_id, member.email, opens_id=opens_id)
    if address.person_id == member.person_id and address.verified_at is not None:
        return
    link = service.make_link(
        session,
        member.email,
        member=member,
        next_path=url_for("members.me", community_slug=community.slug),
        opens_id=opens_id,
        now=now,
    )
    if link is not None:
        emails.send_confirmation(session, link, community=community, now=now)


def _begin_device(
    session: Session, draft: Draft, member: Member, key: str, now: dt.datetime, *, is_new: bool
) -> _Joined:
    """Sign a new person in, and leave only what a second click needs of the draft."""
    kept = {"member_id": str(member.id), "key": key}
    secret = ""
    if (is_new or draft.answers.get("device_id")) and member.person_id is not None:
        former = draft.answers.get("device_id")
        if former:
            end_device(session, member.person_id, uuid.UUID(former), now=now)
        begun, secret = begin_device(
            session, member.person_id, means="join", agent=agent(), is_shared=False, now=now
        )
        kept["device_id"] = str(begun.id)
    if "member_id" not in draft.answers:
        draft.saved_at = now
    draft.answers = kept
    return _Joined(member.id, secret)


@bp.get("/done")
@access(Access.SIGNED_IN)
def done() -> ResponseReturnValue:
    """Say what was done and what comes next."""
    community, session = here(), db.session()
    member = queries.membership_of(session, community, own_device().person_id)
    if member is None:
        raise NoSuchStepError
    can_come_back = bool(member.email) or queries.has_way_back(session, own_device().person_id)
    return render_template(
        "join/done.html", member=member, can_come_back=can_come_back, front=front_page(community)
    )
