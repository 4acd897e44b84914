"""The words for keys: categories, kinds of support, places, days, audiences."""

from collections.abc import Mapping
from functools import cache
from typing import Protocol

from babel.support import NullTranslations

from timebank.listings.models import Category, Listing
from timebank.web.languages import catalogue
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

CATEGORIES: dict[str, str] = {
    "company": _l("Company"),
    "visits": _l("Visits and a cup of tea"),
    "phone-chats": _l("A chat on the phone"),
    "listening": _l("Somebody who listens"),
    "outings": _l("Going out together"),
    "games": _l("Cards and board games"),
    "sitting-with": _l("Staying with someone for a while"),
    "getting-about": _l("Getting about"),
    "walking-with": _l("Walking there together"),
    "lifts": _l("Lifts by car"),
    "bus-practice": _l("Practising the bus or train"),
    "errands": _l("Errands"),
    "home": _l("Help at home"),
    "shopping": _l("Shopping"),
    "cleaning": _l("Cleaning and tidying"),
    "gardening": _l("Gardening"),
    "diy": _l("Small jobs with tools"),
    "moving": _l("Moving and carrying"),
    "pets": _l("Pets"),
    "laundry": _l("Laundry and ironing"),
    "personal-care": _l("Washing, dressing and other care of the body"),
    "childcare": _l("Looking after children"),
    "paper": _l("Forms and letters"),
    "forms": _l("Filling in forms"),
    "letters": _l("Reading and sorting letters"),
    "calls": _l("Making a difficult call"),
    "writing": _l("Writing something together"),
    "bills": _l("Bills, cash and the bank"),
    "learning": _l("Learning"),
    "languages": _l("Languages"),
    "translation": _l("Translating and interpreting"),
    "study": _l("Homework and study"),
    "reading": _l("Reading and writing"),
    "music-lessons": _l("Learning an instrument"),
    "work-search": _l("Looking for work"),
    "food": _l("Food"),
    "cooking": _l("Cooking"),
    "baking": _l("Baking"),
    "shared-meals": _l("Eating together"),
    "meals-brought": _l("A meal brought round"),
    "wellbeing": _l("Walks and wellbeing"),
    "walks": _l("Walks"),
    "sport": _l("Sport and the gym"),
    "swimming": _l("Swimming"),
    "dancing": _l("Dancing"),
    "calm": _l("Yoga, breathing and quiet"),
    "arts": _l("Arts and crafts"),
    "crafts": _l("Knitting and crafts"),
    "music": _l("Making music"),
    "photography": _l("Photography and film"),
    "painting": _l("Drawing and painting"),
    "stories": _l("Stories, poems and theatre"),
    "repairs": _l("Repairs"),
    "mending": _l("Mending household things"),
    "sewing": _l("Sewing"),
    "bikes": _l("Bicycles"),
    "furniture": _l("Furniture and wood"),
    "tech": _l("Phones and computers"),
    "phones": _l("Phones and tablets"),
    "computers": _l("Computers"),
    "online": _l("Getting things done online"),
    "printing": _l("Printing and scanning"),
    "community": _l("Work for the community"),
    "events": _l("Preparing an event"),
    "stewarding": _l("Welcoming people"),
    "teaching-groups": _l("Leading a group or a workshop"),
    "notes": _l("Taking notes at meetings"),
    "posters": _l("Posters, leaflets and news"),
    "kitchen": _l("Tea, chairs and washing up"),
    "transitions": _l("Going along and big changes"),
    "going-along": _l("Going along to an appointment"),
    "hospital-home": _l("Coming home from hospital"),
    "first-days": _l("The first days in a new place"),
    "between-places": _l("Moving from one service to another"),
    "weekends": _l("Company at a hard weekend"),
}
#: What a check hint asks for, in words for the member.
HINTS: dict[str, str] = {
    "ask lead": _l(
        "Have a word with the coordinator before you meet for this kind of help. "
        "They know what makes it safe for both of you."
    ),
    "regulated": _l(
        "The law may have a say in who can give this kind of help, such as care of the body, "
        "looking after children or handling somebody’s money. "
        "Agree on nothing before you have spoken with the coordinator."
    ),
}
HINT_NAMES: dict[str, str] = {
    "none": _l("Nothing special"),
    "ask lead": _l("Ask the coordinator first"),
    "regulated": _l("The law may have a say"),
}
KINDS: dict[str, str] = {"offer": _l("Offer"), "request": _l("Request")}
SUPPORTS: dict[str, str] = {
    "practical": _l("A helping hand"),
    "social": _l("Company"),
    "emotional": _l("A listening ear"),
}
PLACES: dict[str, str] = {
    "area": _l("In the area"),
    "public": _l("In a public place"),
    "phone": _l("By phone"),
    "online": _l("Online"),
}
DAYS: tuple[str, ...] = (
    _l("Monday"),
    _l("Tuesday"),
    _l("Wednesday"),
    _l("Thursday"),
    _l("Friday"),
    _l("Saturday"),
    _l("Sunday"),
)
PARTS: dict[str, str] = {
    "morning": _l("Morning"),
    "afternoon": _l("Afternoon"),
    "evening": _l("Evening"),
}
AUDIENCES: dict[str, str] = {
    "everyone": _l("Everyone, also people who are not members"),
    "community": _l("Members only"),
    "coordinator": _l("Only the coordinator"),
}
TRANSITIONS: dict[str, str] = {
    "leaving hospital": _l("Leaving hospital"),
    "entering a service": _l("Starting with a service"),
    "leaving a service": _l("Leaving a service"),
    "crisis at a weekend": _l("A hard time at a weekend"),
}
STATES: dict[str, str] = {"open": _l("Open"), "paused": _l("Paused"), "closed": _l("Closed")}
#: Each language in its own words.
LANGUAGES: dict[str, str] = {"en": "English", "da": "Dansk", "es": "Español", "ca": "Català"}


class Named(Protocol):
    """A category, or as much of it as its name needs."""

    @property
    def key(self) -> str:
        """What it is known by."""

    @property
    def name(self) -> str:
        """The community's own name for it, or nothing."""


def name_of(category: Named) -> str:
    """Return a category's name: the community's own if it has one, else the shipped one."""
    return category.name or name_of_key(category.key)


def name_of_key(key: str) -> str:
    """Return the shipped name of a category's key, for where only the key is known."""
    return shipped_names().get(key, key)


def shipped_names() -> Mapping[str, str]:
    """Return the shipped names by key, in the reader's language."""
    return _in_words(catalogue())


@cache
def _in_words(_catalogue: NullTranslations) -> dict[str, str]:
    """Put the shipped names into words once for each language."""
    return {key: str(words) for key, words in CATEGORIES.items()}


def hint_of(category: Category) -> str:
    """Return the sentence of a category's check hint, or nothing where there is none."""
    return str(HINTS.get(category.check_hint, ""))


def supports_of(listing: Listing) -> str:
    """Return the kinds of support of a listing as one line."""
    chosen = {
        "practical": listing.is_practical,
        "social": listing.is_social,
        "emotional": listing.is_emotional,
    }
    return ", ".join(str(SUPPORTS[key]) for key, is_chosen in chosen.items() if is_chosen)


def where_of(listing: Listing) -> str:
    """Return where the help of a listing takes place: never more than an area."""
    return where(listing.place, listing.area)


def where(place: str, area: str) -> str:
    """Return a place and an area in words."""
    if place == "area" and area:
        return area
    if place == "public" and area:
        return _("%(area)s, in a public place", area=area)
    return str(PLACES[place])


def someone() -> str:
    """Return what a member is called who is not named."""
    return _("A member")
