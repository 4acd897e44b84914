"""The people of a community: the list for coordinators, a person's page, adding and inviting."""

import uuid
from typing import Any

from flask import current_app, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import db
from timebank.members import forms, policy, queries, service
from timebank.members.errors import MemberNotFoundError
from timebank.members.forms import FIELD_WORDS, ROLE_WORDS
from timebank.members.models import STATES, Member
from timebank.members.service.belonging import INVITATION_LIFE
from timebank.members.views.blueprints import members as bp
from timebank.members.views.joining import confirm_address
from timebank.members.views.place import here, me
from timebank.web.access import Access, access
from timebank.web.fields import one_line
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

UNPROCESSABLE = 422
SEARCH_LENGTH_MAX = 100
#: People shown who are not in the part of the list that is looked through.
ELSEWHERE_MAX = 5
STATE_WORDS = {
    "waiting": _l("Waiting"),
    "active": _l("Takes part"),
    "paused": _l("Taking a break"),
    "refused": _l("Not let in"),
    "left": _l("Left"),
}
STATE_TAGS = {
    "waiting": "wait",
    "active": "good",
    "paused": "quiet",
    "refused": "quiet",
    "left": "quiet",
}
EVENT_WORDS = {
    "joined": _l("Joined"),
    "added": _l("Added"),
    "approved": _l("Let in"),
    "refused": _l("Not let in"),
    "paused": _l("Takes a break"),
    "resumed": _l("Back from a break"),
    "left": _l("Left"),
    "card issued": _l("New code card"),
    "card stopped": _l("Code card stopped"),
    "role given": _l("Role given"),
    "role ended": _l("Role ended"),
    "changed": _l("Details changed"),
    "rules agreed": _l("Went through the house rules together"),
}
ALIKE_WORDS = {
    "email": _l("same e-mail"),
    "phone": _l("same phone"),
    "name": _l("a name much like it"),
}
#: Kinds of events whose "reason" says what, and not why.
REASON_IS_NO_REASON = {"changed", "role given", "role ended", "rules agreed"}
#: Parts of the list, the first being what is shown when nothing is asked for.
PARTS = {
    "here": ("active", "paused"),
    "waiting": ("waiting",),
    "gone": ("left", "refused"),
    "rules": ("active", "paused"),
}
PART_WORDS = {
    "here": _l("Here"),
    "waiting": _l("Waiting"),
    "gone": _l("Left or not let in"),
    "rules": _l("House rules to go through"),
}


@bp.get("/people")
@access(Access.COORDINATOR)
def people() -> ResponseReturnValue:
    """List the people of this community; find them by name or number."""
    community, session = here(), db.session()
    part = request.args.get("part", "here")
    part = part if part in PARTS else "here"
    text = one_line(request.args.get("q"))[:SEARCH_LENGTH_MAX]
    found = queries.page(
        session,
        community.id,
        states=PARTS[part],
        text=text,
        after=key_of(request.args.get("after")),
        behind=community.house_rules_version if part == "rules" else None,
        limit=PAGE_SIZE + 1,
    )
    paged = cut(found, [member.id for member in found])
    tabs = [
        (
            f"{PART_WORDS[name]} ({count})",
            url_for("members.people", part=name, q=text or None),
            name == part,
        )
        for name, count in _counts(community).items()
        if count or name in {part, "here", "waiting", "gone"}
    ]
    later = paged.after and url_for("members.people", part=part, q=text or None, after=paged.after)
    return render_template(
        "members/people.html",
        rows=[_row(member) for member in paged.rows],
        elsewhere=[] if found else _elsewhere(community, text),
        tabs=tabs,
        part=part,
        text=text,
        later=later,
    )


def _elsewhere(community: Community, text: str) -> list[dict[str, Any]]:
    """Look through all parts of the list for a name or number that this part has not."""
    if not text:
        return []
    found = queries.page(db.session(), community.id, states=STATES, text=text, limit=ELSEWHERE_MAX)
    return [_row(member) for member in found]


def _counts(community: Community) -> dict[str, int]:
    """Count the people of each part of the list."""
    counts = queries.count_by_state(db.session(), community.id)
    by_part = {
        name: sum(counts.get(state, 0) for state in states) for name, states in PARTS.items()
    }
    return by_part | {"rules": queries.behind_count(db.session(), community)}


def _row(member: Member) -> dict[str, Any]:
    """Give the list what coordinators may see of a member."""
    area = member.area if policy.may_see_field(member, "area", me(), g.roles) else ""
    return {
        "words": shown_to_me(member),
        "note": " · ".join(part for part in (member.account_code, area) if part),
        "href": url_for("members.person", member_id=member.id),
        "tag": None if member.state == "active" else STATE_WORDS[member.state],
        "tag_kind": STATE_TAGS[member.state],
    }


def shown_to_me(member: Member) -> str:
    """Return a member's name as far as the caller may see it."""
    if policy.may_see_field(member, "last_name", me(), g.roles):
        return queries.full_name(member)
    return member.first_name


# ------------------------------------------------------------------------ a person's page


@bp.get("/people/<uuid:member_id>")
@access(Access.MEMBER)
def person(member_id: uuid.UUID) -> ResponseReturnValue:
    """Show a member as far as the caller may see them; coordinators also see how it came about."""
    member = queries.get(db.session(), here().id, member_id)
    if not policy.may_see(member, me(), g.roles):
        raise MemberNotFoundError
    if "coordinator" not in g.roles:
        return render_template("members/person.html", member=member, **_seen(member, me(), g.roles))
    return render_template(
        "members/person_for_coordinator.html",
        member=member,
        state=STATE_WORDS[member.state],
        state_kind=STATE_TAGS[member.state],
        form=None,
        has_limits=member.state in {"active", "paused"}
        and "limits.account" in current_app.view_functions,
        **_seen(member, me(), g.roles),
        **_desk(member),
    )


def _seen(member: Member, viewer: Member | None, roles: frozenset[str]) -> dict[str, Any]:
    """Give a page what `viewer` sees of a member."""
    seen = {
        field: getattr(member, field)
        for field in policy.FIELDS
        if getattr(member, field) and policy.may_see_field(member, field, viewer, roles)
    }
    rows = [
        {"key": FIELD_WORDS[field], "value": value}
        for field, value in seen.items()
        if field not in {"last_name", "about"}
    ]
    name = f"{member.first_name} {seen.get('last_name', '')}".strip()
    return {"name": name, "rows": rows, "about": seen.get("about", "")}


def seen_by_others(member: Member) -> dict[str, Any]:
    """Give a page what everybody of the community sees of a member."""
    stranger = Member(community_id=member.community_id, id=uuid.UUID(int=0), state="active")
    return _seen(member, stranger, frozenset())


def _desk(member: Member) -> dict[str, Any]:
    """Give a coordinator's page the roles, the decisions and who may be the same person."""
    session = db.session()
    grants, events = queries.role_history(session, member), queries.history(session, member)
    deciders = [grant.given_by_id for grant in grants] + [grant.ended_by_id for grant in grants]
    deciders += [event.by_member_id for event in events]
    who = queries.several(session, member.community_id, [one for one in deciders if one])
    traits = policy.Traits(member.folded_name, member.area, member.email, member.phone)
    alike = (
        queries.lookalikes(session, member.community_id, traits, but=member.id)
        if member.state == "waiting"
        else []
    )
    return {
        "held": [
            {"role": grant.role, "words": ROLE_WORDS[grant.role], "since": grant.given_at}
            for grant in grants
            if grant.ended_at is None
        ],
        "former": [
            {"words": ROLE_WORDS[grant.role], "since": grant.given_at, "until": grant.ended_at}
            for grant in grants
            if grant.ended_at is not None
        ],
        "events": [
            {
                "words": _event_words(event.kind, event.by_member_id == member.id, event.reason),
                "at": event.at,
                "who": _decider(who.get(event.by_member_id) if event.by_member_id else None),
                "why": "" if event.kind in REASON_IS_NO_REASON else event.reason,
            }
            for event in events
        ],
        "alike": [alike_row(one) for one in alike],
        "card": queries.card_in_use(session, member),
        "own_page": member.id == me().id,
        "rules_open": member.rules_version < here().house_rules_version
        and member.state in policy.BELONGING,
    }


def _event_words(kind: str, is_own: bool, reason: str) -> str:  # noqa: FBT001 - private, one caller
    words = str(EVENT_WORDS[kind])
    if kind in {"role given", "role ended"}:
        return f"{words}: {ROLE_WORDS.get(reason, reason)}"
    if kind == "rules agreed" and is_own:
        return _("Agreed to the house rules")
    return words if not is_own else _("%(what)s, by themselves", what=words)


def _decider(member: Member | None) -> str:
    return _("the server") if member is None else member.first_name


def alike_row(one: queries.Lookalike) -> dict[str, Any]:
    """Give a page somebody who may be the same person, and why."""
    return {
        **_row(one.member),
        "note": f"{one.member.account_code} · "
        + ", ".join(str(ALIKE_WORDS[reason]) for reason in one.reasons),
    }


# ------------------------------------------------------------------- adding and inviting


@bp.route("/people/new", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def add() -> ResponseReturnValue:
    """Add somebody; a first name is enough. Who may be the same person is asked, not refused."""
    community, session, form, now = here(), db.session(), forms.NewMemberForm(), utc_now()
    if not form.validate_on_submit():
        page = render_template("members/add.html", form=form, alike=[])
        return page, UNPROCESSABLE if form.is_submitted() else 200
    told = form.details
    name = policy.fold(f"{told['first_name']} {told['last_name']}")
    traits = policy.Traits(name, told["area"], told["email"], told["phone"])
    alike = queries.lookalikes(session, community.id, traits)
    if alike and form.is_new.data != name:
        form.is_new.data = name
        page = render_template(
            "members/add.html", form=form, alike=[alike_row(one) for one in alike]
        )
        return page, UNPROCESSABLE
    member = service.add_member(
        session,
        community,
        first_name=told["first_name"],
        last_name=told["last_name"],
        area=told["area"],
        email=told["email"],
        phone=told["phone"],
        has_heard_rules=form.has_heard_rules.data,
        by=me(),
        now=now,
    )
    if member.email:
        confirm_address(session, community, member, now, opens_id=community.id)
    return redirect(url_for("members.added", member_id=member.id), code=303)


@bp.get("/people/<uuid:member_id>/added")
@access(Access.COORDINATOR)
def added(member_id: uuid.UUID) -> ResponseReturnValue:
    """Say that somebody was added, and offer to print their card."""
    member = queries.get(db.session(), here().id, member_id)
    return render_template("members/added.html", member=member, name=shown_to_me(member))


@bp.get("/people/invite")
@access(Access.COORDINATOR)
def invite() -> ResponseReturnValue:
    """Explain invitations."""
    return render_template(
        "members/invite.html", form=forms.ButtonForm(), address=None, days=_invitation_days()
    )


@bp.post("/people/invite")
@access(Access.COORDINATOR)
@writes
def make_invitation() -> ResponseReturnValue:
    """Make an invitation and show its link, which is kept nowhere."""
    secret = service.invite(db.session(), here(), by=me(), now=utc_now())
    address = url_for("joining.invited", secret=secret, _external=True)
    return render_template(
        "members/invite.html", form=forms.ButtonForm(), address=address, days=_invitation_days()
    )


def _invitation_days() -> str:
    return ngettext("%(num)d day", "%(num)d days", INVITATION_LIFE.days)


@bp.route("/people/<uuid:member_id>/edit", methods=["GET", "POST"])
@access(Access.COORDINATOR)
@writes
def edit(member_id: uuid.UUID) -> ResponseReturnValue:
    """Change what is known of somebody; what a coordinator may not see stays out of the form."""
    member = queries.get(db.session(), here().id, member_id)
    form = forms.DetailsForm(obj=member)
    hidden = [
        field for field in policy.FIELDS if not policy.may_see_field(member, field, me(), g.roles)
    ]
    for field in hidden:
        del form[field]
    if form.validate_on_submit():
        changed = service.edit_member(db.session(), member, form.details, by=me(), now=utc_now())
        if "email" in changed and member.email and _may_sign_in_by(member):
            confirm_address(db.session(), here(), member, utc_now(), opens_id=here().id)
        return redirect(url_for("members.person", member_id=member.id), code=303)
    page = render_template("members/edit.html", form=form, member=member, hidden=hidden)
    return page, UNPROCESSABLE if form.is_submitted() else 200


def _may_sign_in_by(member: Member) -> bool:
    """Tell whether an address from a coordinator may sign this member in.

    Not where the person belongs to another community too: that is not this coordinator's to open.
    """
    return member.person_id is not None and not queries.belongs_elsewhere(
        db.session(), member.person_id, member.community_id
    )
