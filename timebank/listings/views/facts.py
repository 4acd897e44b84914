"""What pages say about a listing: its facts in rows, its times, its card."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from babel.dates import get_day_names
from flask import g, url_for
from flask_babel import get_locale

from timebank.db import db
from timebank.listings import names, policy, queries
from timebank.listings.models import PARTS_OF_DAY, WEEKDAYS, Category, Listing
from timebank.listings.policy import Worry
from timebank.listings.queries import Brief
from timebank.listings.service import ListingDetails
from timebank.listings.tree import ICON_OF_OTHERS, ICONS
from timebank.members.models import Member
from timebank.web import filters
from timebank.web.drafts import Draft
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

WORRIES: dict[str, str] = {
    "phone": _l("a phone number"),
    "mail": _l("an e-mail address"),
    "link": _l("a link"),
    "address": _l("a street address"),
    "health": _l("something about health"),
}


def week_days() -> list[tuple[int, str]]:
    """Return the days of the week for the grid, Monday first."""
    return [(weekday, str(names.DAYS[weekday])) for weekday in WEEKDAYS]


def short_days() -> dict[int, str]:
    """Return short names of the days, such as `Mon`, in the reader's language."""
    return dict(get_day_names("abbreviated", context="stand-alone", locale=get_locale()))


def times(slots: Iterable[tuple[int, str]]) -> list[str]:
    """Return the times that suit as lines: days with the same parts share one.

    `Mon, Tue: morning, afternoon`
    """
    parts_of: dict[int, list[str]] = {}
    for weekday, part in sorted(slots, key=lambda slot: (slot[0], PARTS_OF_DAY.index(slot[1]))):
        parts_of.setdefault(weekday, []).append(part)
    days_of: dict[tuple[str, ...], list[int]] = {}
    for weekday, parts in parts_of.items():
        days_of.setdefault(tuple(parts), []).append(weekday)
    short = short_days()
    return [
        _(
            "%(days)s: %(parts)s",
            days=_("every day")
            if len(days) == len(WEEKDAYS)
            else ", ".join(short[weekday] for weekday in days),
            parts=_("any time")
            if len(parts) == len(PARTS_OF_DAY)
            else ", ".join(str(names.PARTS[part]).lower() for part in parts),
        )
        for parts, days in days_of.items()
    ]


def when_words(slots: Iterable[tuple[int, str]], words: str) -> str:
    """Return times and words about the time as one line."""
    return "; ".join(filter(None, (*times(slots), words)))


def worry_words(worries: Iterable[Worry]) -> list[dict[str, str]]:
    """Return what was found in public words, each kind once, with the words it was found in."""
    found: dict[str, list[str]] = {}
    for worry in worries:
        found.setdefault(worry.kind, []).append(worry.found)
    return [
        {"what": str(WORRIES[kind]), "where": ", ".join(dict.fromkeys(words))}
        for kind, words in found.items()
    ]


def until_words(ends_on: dt.date | None) -> str:
    """Return how long a listing is up."""
    if ends_on is None:
        return _("Until it is taken down")
    return _("Until %(day)s", day=filters.day(ends_on))


def who_words(audience: str, *, is_anonymous: bool) -> str:
    """Return who may see a listing, and whether with a name."""
    if is_anonymous:
        return _("%(audience)s; without your name", audience=names.AUDIENCES[audience])
    return str(names.AUDIENCES[audience])


def icon_of(heading: names.Named) -> str:
    """Return the icon of a heading."""
    return ICONS.get(heading.key, ICON_OF_OTHERS)


def name_of_owner(listing: Listing, owner: Member) -> str:
    """Return the name to show beside a listing: the first name, or none where that was wanted."""
    if policy.may_see_who(listing, g.member, g.roles):
        return owner.first_name
    return names.someone()


def slots_of(listing: Listing) -> list[tuple[int, str]]:
    """Return the times of a listing as pairs."""
    return [(slot.weekday, slot.part) for slot in listing.slots]


def cards(found: Sequence[Brief]) -> list[dict[str, Any]]:
    """Return listings as cards of a list."""
    without_words = [listing.id for listing in found if not listing.when_words]
    slots = queries.slots_of(db.session(), g.community.id, without_words)
    return [_card(listing, slots.get(listing.id, ())) for listing in found]


def _card(listing: Brief, slots: Iterable[tuple[int, str]]) -> dict[str, Any]:
    is_named = policy.may_see_who(listing, g.member, g.roles)
    where = listing.area or names.where(listing.place, listing.area)
    return {
        "title": listing.title,
        "href": url_for("listings.show", listing_id=listing.id),
        "icon": ICONS.get(listing.heading_key, ICON_OF_OTHERS),
        "meta": " · ".join((where, filters.hours_label(listing.about_minutes))),
        "when": listing.when_words or "; ".join(times(slots)),
        "name": listing.owner_name if is_named else names.someone(),
        "tone": listing.owner_number if is_named else 0,
        "lang": listing.language if listing.language != g.community.locale else None,
    }


def rows_of_draft(
    draft: Draft, details: ListingDetails, category: Category
) -> list[dict[str, object]]:
    """Return every answer of a draft, each with the address to change it."""

    def row(step: str, key: str, value: str) -> dict[str, object]:
        address = url_for("listings.step", draft_id=draft.id, step=step)
        return {"key": key, "value": value or _("Not said"), "href": address}

    rows = [
        row("what", _("In one line"), details.title),
        row("what", _("More about it"), details.words),
        row("category", _("Kind of help"), names.name_of(category)),
        row("support", _("Kind of support"), supports_words(details.supports)),
        row("when", _("About how long"), filters.hours_label(details.about_minutes)),
        row("when", _("When"), when_words(details.slots, details.when_words)),
        row("where", _("Where"), names.where(details.place, details.area)),
        row(
            "who",
            _("Who may see it"),
            who_words(details.audience, is_anonymous=details.is_anonymous),
        ),
        row("who", _("How long it is up"), until_words(details.ends_on)),
    ]
    if details.transition:
        rows.insert(4, row("support", _("It is about"), transition_words(details.transition)))
    return rows


def transition_words(transition: str | None) -> str:
    """Return the big change that something is about, or nothing."""
    return str(names.TRANSITIONS[transition]) if transition else ""


def supports_words(supports: Iterable[str]) -> str:
    """Return kinds of support as one line, in our order."""
    chosen = set(supports)
    return ", ".join(str(words) for key, words in names.SUPPORTS.items() if key in chosen)


def rows_of_listing(
    listing: Listing, category: Category, *, is_own: bool
) -> list[dict[str, object]]:
    """Return the facts of a listing's page."""
    is_usual = listing.language == g.community.locale
    rows = [
        (_("Kind of help"), names.name_of(category)),
        (_("Kind of support"), names.supports_of(listing)),
        (_("It is about"), transition_words(listing.transition)),
        (_("About how long"), filters.hours_label(listing.about_minutes)),
        (_("When"), when_words(slots_of(listing), listing.when_words)),
        (_("Where"), names.where_of(listing)),
        (_("Written in"), "" if is_usual else names.LANGUAGES[listing.language]),
    ]
    if is_own and listing.state != "closed":
        rows += [
            (
                _("Who may see it"),
                who_words(listing.audience, is_anonymous=listing.is_anonymous),
            ),
            (_("How long it is up"), until_words(listing.ends_on)),
        ]
    return [{"key": key, "value": value} for key, value in rows if value]
