"""Putting up an offer or a request: one question a page, then a look at everything.

The answers stay in a draft until the last page. The chain goes on with the first question that has
no answer yet; once all have one, every changed answer leads straight back to the look at the end.
"""

import datetime as dt
import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.listings import forms, names, policy, queries, service
from timebank.listings.models import TRANSITIONS, Category, Listing
from timebank.listings.views import facts
from timebank.listings.views.blueprint import bp
from timebank.members.areas import is_no_area
from timebank.web import drafts
from timebank.web.access import Access, access
from timebank.web.drafts import Draft
from timebank.web.session import writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

DRAFT = "listing"


@dataclass(frozen=True, slots=True)
class Step:
    """A question of the chain.

    Attributes:
        template: The page.
        form: What is asked.
        offer: The question to somebody who offers.
        request: The question to somebody who asks.
        hint: A sentence under the question.
    """

    template: str
    form: Callable[..., forms.StepForm]
    offer: str
    request: str
    hint: str = ""

    def title(self, kind: str) -> str:
        """Return the question."""
        return str(self.offer if kind == "offer" else self.request)


STEPS = {
    "what": Step(
        "listings/ask_what.html",
        forms.WhatForm,
        _l("What could you offer?"),
        _l("What would help you?"),
        _l("Please leave out phone numbers, addresses and anything about health."),
    ),
    "heading": Step(
        "listings/ask_heading.html",
        forms.HeadingForm,
        _l("What kind of help is it?"),
        _l("What kind of help is it?"),
        _l("Choose the closest one."),
    ),
    "category": Step(
        "listings/ask_category.html", forms.CategoryForm, _l("What exactly?"), _l("What exactly?")
    ),
    "support": Step(
        "listings/ask_support.html",
        forms.SupportForm,
        _l("What do you bring?"),
        _l("What do you hope for?"),
    ),
    "when": Step(
        "listings/ask_when.html",
        forms.WhenForm,
        _l("When could you help?"),
        _l("When would it suit you?"),
    ),
    "where": Step(
        "listings/ask_where.html",
        forms.WhereForm,
        _l("Where could it be?"),
        _l("Where would you like it to be?"),
        _l("Never a street address. You can agree on that later, between the two of you."),
    ),
    "who": Step(
        "listings/ask_who.html", forms.WhoForm, _l("Who may see it?"), _l("Who may see it?")
    ),
}
#: The page at the end counts as one.
PAGES = len(STEPS) + 1


# --------------------------------------------------------------------------- first page


@bp.route("/offers/new", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def new_offer() -> ResponseReturnValue:
    """Begin to offer help."""
    return _begin("offer")


@bp.route("/requests/new", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def new_request() -> ResponseReturnValue:
    """Begin to ask for help."""
    return _begin("request")


def _begin(kind: str) -> ResponseReturnValue:
    form = forms.WhatForm(language=g.community.locale)
    if not form.is_submitted():
        return _first_page(kind, form)
    if not form.validate():
        return _first_page(kind, form), 422
    answers = {"kind": kind, "done": ["what"], **form.answers()}
    draft = drafts.begin(
        db.session(), g.community.id, DRAFT, owner_id=g.member.id, answers=answers, now=utc_now()
    )
    return redirect(_next(draft), code=303)


def _first_page(kind: str, form: forms.WhatForm) -> str:
    return _question("what", kind, form, back=url_for(f"listings.{kind}s"))


@bp.post("/listings/<uuid:listing_id>/edit")
@access(Access.MEMBER)
@writes
def edit(listing_id: uuid.UUID) -> ResponseReturnValue:
    """Begin to change a listing: its answers become a draft, shown at the end of the chain."""
    listing = queries.get(db.session(), g.community, listing_id, g.member, now=utc_now())
    if not policy.may_change(listing, g.member):
        abort(404)
    draft = drafts.begin(
        db.session(),
        g.community.id,
        DRAFT,
        owner_id=g.member.id,
        answers=_answers_of(listing),
        now=utc_now(),
    )
    return redirect(url_for("listings.check", draft_id=draft.id), code=303)


def _answers_of(listing: Listing) -> dict[str, Any]:
    category, heading = queries.place_in_tree(db.session(), listing)
    text = f"{listing.title}\n{listing.words}\n{listing.when_words}\n{listing.area}"
    return {
        "listing": str(listing.id),
        "kind": listing.kind,
        "done": list(STEPS),
        "calm": _fingerprint(text),
        "title": listing.title,
        "words": listing.words,
        "language": listing.language,
        "heading": str(heading.id),
        "category": str(category.id),
        "supports": [key for key in names.SUPPORTS if getattr(listing, f"is_{key}")],
        "transition": listing.transition or "",
        "about_minutes": listing.about_minutes,
        "slots": [f"{slot.weekday}-{slot.part}" for slot in listing.slots],
        "when_words": listing.when_words,
        "place": listing.place,
        "area": listing.area,
        "audience": listing.audience,
        "days": forms.SAME_DAY,
        "ends_on": listing.ends_on.isoformat() if listing.ends_on else None,
        "is_anonymous": listing.is_anonymous,
    }


# ------------------------------------------------------------------------ the questions


@bp.route(
    "/listings/new/<uuid:draft_id>/<any(what,heading,category,support,when,where,who):step>",
    methods=["GET", "POST"],
)
@access(Access.MEMBER)
@writes
def step(draft_id: uuid.UUID, step: str) -> ResponseReturnValue:
    """Ask one question, or take its answer."""
    draft = _draft(draft_id)
    form = STEPS[step].form(data=_known(draft, step))
    _fit(form, step, draft)
    page = {"back": _before(draft, step), **_around(step, draft)}
    if not form.is_submitted():
        return _question(step, draft.answers["kind"], form, **page)
    if not form.validate():
        return _question(step, draft.answers["kind"], form, **page), 422
    _keep(draft, step, form)
    if step == "support" and draft.answers["kind"] == "request" and draft.answers["transition"]:
        return redirect(url_for("listings.urgent", draft_id=draft.id), code=303)
    return redirect(_next(draft), code=303)


def _draft(draft_id: uuid.UUID) -> Draft:
    return drafts.load(db.session(), g.community.id, draft_id, DRAFT, owner_id=g.member.id)


def _known(draft: Draft, step: str) -> dict[str, Any]:
    """Return what the form starts with: the answer given before, or what the member's page says."""
    known = dict(draft.answers)
    if step == "where":
        area = g.member.area
        # One that was noted before addresses were refused is not put forward.
        known.setdefault("area", "" if is_no_area(area) else area)
    return known


def _fit(form: forms.StepForm, step: str, draft: Draft) -> None:
    form.fit(g.community)
    if step == "heading":
        tops = [branch.top for branch in _tree()]
        form.heading.choices = forms.choices_of((str(top.id), names.name_of(top)) for top in tops)
    elif step == "category":
        form.category.choices = forms.choices_of(
            (str(leaf.id), names.name_of(leaf)) for leaf in _leaves(draft)
        )
    elif step == "who" and "listing" in draft.answers:
        form.days.choices = forms.choices_of(
            [(forms.SAME_DAY, _("As it is now")), *forms.DAYS_CHOICES]
        )


def _tree() -> list[queries.Branch]:
    return queries.categories(db.session(), g.community.id)


def _leaves(draft: Draft) -> list[Category]:
    """Return what can be chosen under the heading; the heading itself where nothing is under it."""
    for branch in _tree():
        if str(branch.top.id) == draft.answers.get("heading"):
            return list(branch.leaves) or [branch.top]
    return []


def _around(step: str, draft: Draft) -> dict[str, Any]:
    """Return what a page needs beside its form."""
    if step == "when":
        return {"days": facts.week_days(), "parts": list(names.PARTS.items())}
    if step == "category":
        return {
            # In a word here, so that choosing stays quick; the whole sentence comes at the end.
            "hints": {
                str(leaf.id): str(names.HINT_NAMES[leaf.check_hint])
                for leaf in _leaves(draft)
                if leaf.check_hint != "none"
            },
            "other_url": url_for("listings.step", draft_id=draft.id, step="heading"),
        }
    if step == "heading":
        examples = {
            str(branch.top.id): ", ".join(names.name_of(leaf) for leaf in branch.leaves[:3])
            for branch in _tree()
        }
        return {"hints": examples}
    return {}


def _keep(draft: Draft, step: str, form: forms.StepForm) -> None:
    done = [*draft.answers["done"], step]
    answers = form.answers()
    if step == "heading" and answers["heading"] != draft.answers.get("heading"):
        done = [each for each in done if each != "category"]
    drafts.keep(draft, {**answers, "done": sorted(set(done))}, now=utc_now())


def _question(step: str, kind: str, form: forms.StepForm, **page: Any) -> str:  # noqa: ANN401 - the template's
    return render_template(
        STEPS[step].template,
        title=STEPS[step].title(kind),
        hint=str(STEPS[step].hint),
        kind=kind,
        form=form,
        step=list(STEPS).index(step) + 1,
        steps=PAGES,
        **page,
    )


def _next(draft: Draft) -> str:
    """Return the address of the first question without an answer, or of the end."""
    for name in STEPS:
        if name not in draft.answers["done"]:
            return url_for("listings.step", draft_id=draft.id, step=name)
    if _worries(draft) and draft.answers.get("calm") != _fingerprint(_public_text(draft)):
        return url_for("listings.careful", draft_id=draft.id)
    return url_for("listings.check", draft_id=draft.id)


def _before(draft: Draft, step: str) -> str:
    """Return the address of the page before a question."""
    if set(STEPS) <= set(draft.answers["done"]):
        return url_for("listings.check", draft_id=draft.id)
    order = list(STEPS)
    if step == order[0]:
        return url_for(f"listings.{draft.answers['kind']}s")
    return url_for("listings.step", draft_id=draft.id, step=order[order.index(step) - 1])


@bp.get("/listings/new/<uuid:draft_id>/urgent")
@access(Access.MEMBER)
def urgent(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show where help is at once, before somebody at a hard moment goes on."""
    draft = _draft(draft_id)
    back = url_for("listings.step", draft_id=draft.id, step="support")
    return render_template("listings/urgent.html", back=back, onward=_next(draft))


# ------------------------------------------------------------------------ public words


def _public_text(draft: Draft) -> str:
    answers = draft.answers
    return "\n".join(answers.get(name) or "" for name in ("title", "words", "when_words", "area"))


def _worries(draft: Draft) -> list[policy.Worry]:
    return policy.worries_in(_public_text(draft))


def _fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@bp.route("/listings/new/<uuid:draft_id>/careful", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def careful(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Ask to look once more at words that others could misuse; going on is always possible."""
    draft = _draft(draft_id)
    form = forms.ButtonForm()
    if form.validate_on_submit():
        drafts.keep(draft, {"calm": _fingerprint(_public_text(draft))}, now=utc_now())
        return redirect(_next(draft), code=303)
    return render_template(
        "listings/careful.html",
        form=form,
        worries=facts.worry_words(_worries(draft)),
        draft=draft,
        back=url_for("listings.step", draft_id=draft.id, step="what"),
    )


# ------------------------------------------------------------------------------ the end


@bp.route("/listings/new/<uuid:draft_id>/check", methods=["GET", "POST"])
@access(Access.MEMBER)
@writes
def check(draft_id: uuid.UUID) -> ResponseReturnValue:
    """Show every answer, each with a way to change it; then put it up."""
    draft = _draft(draft_id)
    onward = _next(draft)
    if onward != url_for("listings.check", draft_id=draft.id):
        return redirect(onward, code=303)
    form = forms.ButtonForm()
    if form.validate_on_submit():
        return _put_up(draft)
    session, answers = db.session(), draft.answers
    category = queries.category(session, g.community.id, uuid.UUID(answers["category"]))
    return render_template(
        "listings/check.html",
        form=form,
        kind=answers["kind"],
        is_new="listing" not in answers,
        rows=facts.rows_of_draft(draft, _details(draft), category),
        hint_words=names.hint_of(category),
        worries=facts.worry_words(_worries(draft)),
        back=_back_from_check(draft),
        step=PAGES,
        steps=PAGES,
    )


def _back_from_check(draft: Draft) -> str:
    if "listing" in draft.answers:
        return url_for("listings.show", listing_id=draft.answers["listing"])
    return url_for("listings.step", draft_id=draft.id, step="who")


def _put_up(draft: Draft) -> ResponseReturnValue:
    session, details = db.session(), _details(draft)
    if "listing" in draft.answers:
        listing = queries.by_id(session, g.community.id, uuid.UUID(draft.answers["listing"]))
        service.change_listing(session, g.community, listing, details, by=g.member, now=utc_now())
        session.delete(draft)
        flash(_("Your changes are on the board."))
        return redirect(url_for("listings.show", listing_id=listing.id), code=303)
    listing = service.post_listing(session, g.community, g.member, details, now=utc_now())
    session.delete(draft)
    return redirect(url_for("listings.done", listing_id=listing.id), code=303)


def _details(draft: Draft) -> service.ListingDetails:
    answers = draft.answers
    transition = answers["transition"]
    return service.ListingDetails(
        kind=answers["kind"],
        category_id=uuid.UUID(answers["category"]),
        title=answers["title"],
        words=answers["words"],
        supports=frozenset(answers["supports"]),
        about_minutes=answers["about_minutes"],
        when_words=answers["when_words"],
        slots=frozenset(_slot(text) for text in answers["slots"]),
        place=answers["place"],
        area=answers["area"] if answers["place"] in {"area", "public"} else "",
        audience=answers["audience"],
        ends_on=_ends_on(answers),
        transition=transition if transition in TRANSITIONS else None,
        language=answers["language"],
        is_anonymous=answers["is_anonymous"],
    )


def _slot(text: str) -> tuple[int, str]:
    weekday, _dash, part = text.partition("-")
    return int(weekday), part


def _ends_on(answers: dict[str, Any]) -> dt.date | None:
    if answers["days"] == forms.SAME_DAY:
        return dt.date.fromisoformat(answers["ends_on"]) if answers["ends_on"] else None
    if not answers["days"]:
        return None
    today: dt.date = g.community.day_of(utc_now())
    return today + dt.timedelta(days=int(answers["days"]))
