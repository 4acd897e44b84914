"""Folding words, so that `rodgrod` finds `Rødgrød` on every database alike."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from timebank.listings.models import WORD_LENGTH_MAX

#: Letters that Unicode does not take apart by itself.
PLAIN = str.maketrans(
    {
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "ħ": "h",
        "ı": "i",  # noqa: RUF001 - the letter that is meant
        "ŋ": "n",
        "ŧ": "t",
        "ŀ": "l",
        "ĸ": "k",
        "·": "",
    }
)
#: How the same letters are written where a keyboard lacks them.
SPELLED_OUT = str.maketrans({"ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue"})
#: A plural ending is taken off a word of at least this length.
STEM_LENGTH_MIN = 5
#: A shorter word is looked for as it is: "a" would begin half of all there are.
BEGINNING_LENGTH_MIN = 3
#: Words of one question that count.
QUESTION_WORDS_MAX = 8
#: Past every character: the end of a range of words that begin alike.
LAST = "\U0010ffff"


def fold(text: str) -> str:
    """Return a text in small letters without accents: `Rødgrød` becomes `rodgrod`."""
    small = unicodedata.normalize("NFKC", text).casefold().translate(PLAIN)
    taken_apart = unicodedata.normalize("NFKD", small)
    return "".join(each for each in taken_apart if not unicodedata.combining(each)).translate(PLAIN)


def words_in(text: str) -> list[str]:
    """Return the folded words of a text in order; a word is a run of letters and digits."""
    folded = fold(text)
    kept = "".join(each if each.isalnum() else " " for each in folded)
    return [word[:WORD_LENGTH_MAX] for word in kept.split()]


@lru_cache(maxsize=4096)
def words_of_name(name: str) -> tuple[str, ...]:
    """Return the folded words of a name that is asked for again and again."""
    return tuple(words_in(name))


def spellings_in(text: str) -> frozenset[str]:
    """Return the words that a text can be found by: folded, and as typed without such letters."""
    composed = unicodedata.normalize("NFKC", text).casefold()
    return frozenset(words_in(text)) | frozenset(words_in(composed.translate(SPELLED_OUT)))


def questions_in(text: str) -> list[frozenset[str]]:
    """Return what to look for: for each word asked, the beginnings that answer it.

    A plural is also looked for without its ending: `formularis` finds `formulari`.
    """
    asked: list[frozenset[str]] = []
    for word in unicodedata.normalize("NFC", text).split():
        for beginnings in _beginnings(word):
            if beginnings not in asked:
                asked.append(beginnings)
    return asked[:QUESTION_WORDS_MAX]


def _beginnings(word: str) -> Iterable[frozenset[str]]:
    plain = words_in(word)
    spelled = words_in(unicodedata.normalize("NFKC", word).casefold().translate(SPELLED_OUT))
    for number, each in enumerate(plain):
        same = {each, *(spelled[number : number + 1] if len(spelled) == len(plain) else ())}
        yield frozenset(same | {_stem(one) for one in same})


def _stem(word: str) -> str:
    for ending in ("es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= STEM_LENGTH_MIN - 1:
            return word.removesuffix(ending)
    return word
