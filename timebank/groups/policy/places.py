"""Postcodes as people type them, names for addresses, and what groups and places are found by."""

import re
import unicodedata

from timebank.groups.models.group import FOLDED_LENGTH_MAX, SLUG_LENGTH_MAX
from timebank.listings.search import fold, words_in

#: A full British postcode, with or without its space.
_UK_POSTCODE = re.compile(r"([A-Z]{1,2}\d[A-Z\d]?)\s*(\d[A-Z]{2})")
_WORD = re.compile(r"\w+")
_MAILBOX = re.compile(r"[^\s@<>\"(),:;\\]{1,64}@[^\s@<>\"(),:;\\.]+(\.[^\s@<>\"(),:;\\.]+)+")
#: Where a slug would stand in the way of a page of the directory.
TAKEN_SLUGS = frozenset({"new", "print", "web", "community"})


def tidy_postcode(text: str) -> str:
    """Return a postcode as it is written on letters: `se18tu` becomes `SE1 8TU`.

    What is no British postcode stays as it is, in capitals: other countries have their own.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).upper().split())
    match = _UK_POSTCODE.fullmatch(plain.replace(" ", ""))
    return f"{match[1]} {match[2]}" if match else plain


def folded(*texts: str) -> str:
    """Return what a thing is found by: its words folded, in order, and cut to what is kept."""
    return " ".join(word for text in texts for word in words_in(text))[:FOLDED_LENGTH_MAX]


def folded_postcode(text: str) -> str:
    """Return a postcode as one word, so that it is found however it is typed."""
    return "".join(words_in(text))


def words_asked(text: str) -> list[str]:
    """Return the folded words to look for; a postcode in the text becomes one word."""
    joined = _UK_POSTCODE.sub(lambda found: found[1] + found[2], text.upper())
    return words_in(joined)[:8]


def as_typed(text: str) -> dict[str, str]:
    """Return the words of a text as they were typed, by their folded form."""
    return {folded: word for word in _WORD.findall(text) for folded in words_in(word)}


def slug_of(name: str) -> str:
    """Return a short name for addresses; "group" where nothing of the name can stand in one."""
    slug = "-".join(re.findall(r"[a-z0-9]+", fold(name)))[:SLUG_LENGTH_MAX].strip("-") or "group"
    return f"{slug}-group" if slug in TAKEN_SLUGS else slug


def free_slug(name: str, taken: frozenset[str]) -> str:
    """Return a slug that no other group of the community has."""
    base = slug_of(name)
    if base not in taken:
        return base
    numbered = (f"{base[: SLUG_LENGTH_MAX - 6]}-{number}" for number in range(2, len(taken) + 3))
    return next(slug for slug in numbered if slug not in taken)


def is_mailbox(text: str) -> bool:
    """Tell whether a text looks like a mail address."""
    return _MAILBOX.fullmatch(text) is not None


def is_postcode(text: str) -> bool:
    """Tell whether a text is a whole British postcode."""
    return _UK_POSTCODE.fullmatch(text) is not None
