"""The lists of offers and requests, and the page of each one."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.communities.models import LOCALES
from timebank.db import db
from timebank.listings import forms, names, policy, queries, service
from timebank.listings.models import SUPPORTS, WEEKDAYS, Listing
from timebank.listings.queries import Outline, Wanted
from timebank.listings.search import questions_in, words_of_name
from timebank.listings.views import facts
from timebank.listings.views.blueprint import bp
from timebank.members.models import Member
from timebank.messaging import queries as messages
from timebank.web.access import Access, access
from timebank.web.fields import one_line
from timebank.web.paging import PAGE_SIZE, cut, key_of
from timebank.web.session import writes
from timebank.web.words import gettext as _

SEARCH_LENGTH_MAX = 100
#: Listings of the other kind shown after posting.
ANSWERS_MAX = 3
FILTERS = ("category", "support", "day", "area", "language")
#: What categories are called, by id.
Names = Mapping[uuid.UUID, str]


# --------------------------------------------------------------------------------- lists


@bp.get("/offers")
@access(Access.ANYONE)
def offers() -> ResponseReturnValue:
    """List what people offer."""
    return _list("offer")


@bp.get("/requests")
@access(Access.ANYONE)
def requests() -> ResponseReturnValue:
    """List what people ask for."""
    return _list("request")


def _list(kind: str) -> str:
    tree = queries.outline(db.session(), g.community.id)
    called, asked = _names_in(tree), _asked()
    found = queries.shown(
        db.session(),
        g.community.id,
        _wanted(kind, asked, tree, called),
        viewer=g.member,
        roles=g.roles,
        today=g.community.day_of(utc_now()),
        after=key_of(request.args.get("after")),
        limit=PAGE_SIZE + 1,
    )
    page = cut(found, [listing.id for listing in found])
    here, choices = f"listings.{kind}s", _choices(kind, tree, called)
    return render_template(
        "listings/index.html",
        kind=kind,
        here=url_for(here),
        cards=facts.cards(page.rows),
        asked=asked,
        narrowed=_narrowed(asked, choices),
        is_further=bool(request.args.get("after")),
        choices=choices,
        later=page.after and _address(here, asked, page.after),
    )


def _asked() -> dict[str, str]:
    """Return what the list is narrowed to; what makes no sense narrows nothing."""
    words = one_line(request.args.get("q"))[:SEARCH_LENGTH_MAX]
    asked = {name: one_line(request.args.get(name)) for name in FILTERS}
    allowed = {
        "support": SUPPORTS,
        "day": tuple(str(day) for day in WEEKDAYS),
        "language": LOCALES,
    }
    for name, values in allowed.items():
        if asked[name] not in values:
            asked[name] = ""
    return {"q": words, **asked}


def _narrowed(asked: dict[str, str], choices: dict[str, Any]) -> str:
    """Return in words what the list is narrowed to; nothing if it is not."""
    words_of = {
        name: {str(value): str(words) for value, words in choices[name]} for name in FILTERS
    }
    chosen = (words_of[name].get(asked[name], asked[name]) for name in FILTERS)
    return ", ".join(filter(None, chosen))


def _address(endpoint: str, asked: dict[str, str], after: str) -> str:
    values: dict[str, Any] = {name: value for name, value in asked.items() if value}
    return url_for(endpoint, after=after, **values)


def _names_in(tree: Sequence[Outline]) -> Names:
    """Return what each category is called in the reader's language."""
    shipped = names.shipped_names()
    return {
        category.id: category.name or shipped.get(category.key, category.key)
        for branch in tree
        for category in (branch.top, *branch.leaves)
    }


def _wanted(kind: str, asked: dict[str, str], tree: Sequence[Outline], called: Names) -> Wanted:
    return Wanted(
        kind=kind,
        category_ids=_ids_under(asked["category"], tree),
        support=asked["support"] or None,
        weekday=int(asked["day"]) if asked["day"] else None,
        area=asked["area"],
        language=asked["language"] or None,
        words=asked["q"],
        categories_named=_named(asked["q"], called),
    )


def _ids_under(key: str, tree: Sequence[Outline]) -> list[uuid.UUID]:
    """Return the ids of a category and all under it; none for an unknown key."""
    for branch in tree:
        if branch.top.key == key:
            return [branch.top.id, *(leaf.id for leaf in branch.leaves)]
        for leaf in branch.leaves:
            if leaf.key == key:
                return [leaf.id]
    return []


def _named(text: str, called: Names) -> dict[frozenset[str], list[uuid.UUID]]:
    """Find, for each word searched for, the categories that have it in their name."""
    questions = questions_in(text)
    if not questions:
        return {}
    words_of = {key: words_of_name(name) for key, name in called.items()}
    found = {}
    for beginnings in questions:
        starts = tuple(beginnings)
        found[beginnings] = [
            key for key, words in words_of.items() if any(word.startswith(starts) for word in words)
        ]
    return found


def _choices(kind: str, tree: Sequence[Outline], called: Names) -> dict[str, Any]:
    """Return what the list can be narrowed to."""
    areas = queries.areas(
        db.session(),
        g.community.id,
        kind,
        viewer=g.member,
        roles=g.roles,
        today=g.community.day_of(utc_now()),
    )
    headings = [
        {
            "key": branch.top.key,
            "name": called[branch.top.id],
            "leaves": [(leaf.key, called[leaf.id]) for leaf in branch.leaves],
        }
        for branch in tree
    ]
    return {
        "category": [
            (category.key, called[category.id])
            for branch in tree
            for category in (branch.top, *branch.leaves)
        ],
        "headings": headings,
        "support": list(names.SUPPORTS.items()),
        "day": facts.week_days(),
        "area": [(area, area) for area in areas],
        "language": list(names.LANGUAGES.items()),
    }


# ------------------------------------------------------------------------------ one of it


@bp.get("/listings/<uuid:listing_id>")
@access(Access.ANYONE)
def show(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Show an offer or a request."""
    listing, owner = _opened(listing_id)
    return _page(listing, owner, forms.ReplyForm())


@bp.post("/listings/<uuid:listing_id>/reply")
@access(Access.MEMBER)
@writes
def reply(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Answer it: a private conversation begins."""
    listing, owner = _opened(listing_id)
    form = forms.ReplyForm()
    if not form.validate():
        return _page(listing, owner, form), 422
    conversation = service.reply(db.session(), listing, g.member, form.body.data, now=utc_now())
    flash(_("Sent. You find your talk under Messages."))
    return redirect(url_for("messages.show", conversation_id=conversation.id), code=303)


def _opened(listing_id: uuid.UUID) -> tuple[Listing, Member]:
    return queries.get_with_owner(
        db.session(), g.community, listing_id, g.member, now=utc_now(), roles=g.roles
    )


def _page(listing: Listing, owner: Member, form: forms.ReplyForm) -> str:
    session = db.session()
    category, heading = queries.place_in_tree(session, listing)
    is_own = g.member is not None and policy.may_change(listing, g.member)
    talk = None
    if g.member is not None and not is_own:
        talk = messages.conversation_between(session, g.community.id, (owner, g.member), listing.id)
    return render_template(
        "listings/show.html",
        listing=listing,
        name=facts.name_of_owner(listing, owner),
        tone=owner.number if policy.may_see_who(listing, g.member, g.roles) else 0,
        lang=listing.language if listing.language != g.community.locale else None,
        icon=facts.icon_of(heading),
        rows=facts.rows_of_listing(listing, category, is_own=is_own),
        hint_words=names.hint_of(category),
        is_own=is_own,
        is_over=policy.has_ended(listing, g.community.day_of(utc_now())),
        may_reply=g.member is not None and policy.may_reply(listing, g.member) and _is_up(listing),
        may_close=g.member is not None
        and listing.state != "closed"
        and policy.may_close(listing, g.member, g.roles),
        talk_url=talk and url_for("messages.show", conversation_id=talk.id),
        form=form,
    )


def _is_up(listing: Listing) -> bool:
    return listing.state == "open" and not policy.has_ended(listing, g.community.day_of(utc_now()))


@bp.get("/listings/<uuid:listing_id>/done")
@access(Access.MEMBER)
def done(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Say what happens next, and show who may be looking for just this."""
    listing, owner = _opened(listing_id)
    session = db.session()
    tree = queries.outline(session, g.community.id)
    _category, heading = queries.place_in_tree(session, listing)
    other_kind = "request" if listing.kind == "offer" else "offer"
    answers = queries.shown(
        session,
        g.community.id,
        Wanted(kind=other_kind, category_ids=_ids_under(heading.key, tree)),
        viewer=g.member,
        roles=g.roles,
        today=g.community.day_of(utc_now()),
        limit=ANSWERS_MAX,
    )
    return render_template(
        "listings/done.html",
        listing=listing,
        is_own=owner.id == g.member.id,
        cards=facts.cards(answers),
    )
