"""An area is a part of town, never a street address or a number to ring: how one tells."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from timebank.members.policy import fold
from timebank.members.reaching import mail_addresses_in, phone_numbers_in

_PHONE_DIGITS_MIN = 9
_WORDS_FILE = Path(__file__).with_name("street_words.toml")
_UK_POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b")
_HOUSE_NUMBER = re.compile(r"\d{1,4}[a-z]?")
#: Where the street comes first so does this, and it tells a part of town: Rådhuspladsen, 1550.
_DISTRICT = re.compile(r"\d{4}")


@cache
def _street_words() -> dict[str, frozenset[str]]:
    with _WORDS_FILE.open("rb") as file:
        lists = tomllib.load(file)
    return {
        kind: frozenset(fold(word) for words in by_language.values() for word in words)
        for kind, by_language in lists.items()
    }


def is_no_area(text: str) -> bool:
    """Tell whether a text says more than a part of town: a street, or how to reach somebody."""
    return any(street_addresses_in(text)) or any(ways_to_reach_in(text))


def ways_to_reach_in(text: str) -> Iterable[str]:
    """Find what in a text looks like a phone number or an e-mail address, as it was typed.

    Fewer figures may be one postcode or two, which tell a part of town: 100-8111, 2100/2200.
    """
    for found in phone_numbers_in(text):
        if sum(each.isdigit() for each in found) >= _PHONE_DIGITS_MIN:
            yield found
    yield from mail_addresses_in(text)


def street_addresses_in(text: str) -> Iterable[str]:
    """Find what in a text looks like a street address, as it was typed.

    All languages are looked through at once: people mix them. A miss is better than a nuisance.
    """
    yield from (match[0] for match in _UK_POSTCODE.finditer(text))
    lists = _street_words()
    words = re.findall(r"\w+", text)
    for number, word in enumerate(words):
        if _HOUSE_NUMBER.fullmatch(word.lower()) is None:
            continue
        # "Zone 2, Finchley Road": the number says which part of town.
        if number and fold(words[number - 1]) in lists["part_of_town"]:
            continue
        # "12 High Street", "12 Old Mill Lane"
        for last in range(number + 2, min(number + 4, len(words))):
            if fold(words[last]) in lists["street"]:
                yield " ".join(words[number : last + 1])
        # "Strandvejen 12", "Calle Mayor 3", "Acre Lane 12"
        if number and not _DISTRICT.fullmatch(word) and _names_a_street(words[:number], lists):
            yield " ".join(words[max(0, number - 3) : number + 1])


def _names_a_street(before: list[str], lists: dict[str, frozenset[str]]) -> bool:
    """Tell whether the words before a number name a street: `Strandvejen`, `Calle Mayor`."""
    last = fold(before[-1])
    # With a name before it: one can also walk down a lane 2 times.
    if last in lists["street"] and before[-2:-1] and before[-2][0].isupper():
        return True
    if any(last.endswith(ending) and last != ending for ending in lists["street_ending"]):
        return True
    return any(fold(word) in lists["street_first"] for word in before[-4:-1])
