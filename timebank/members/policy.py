"""Who may do what with a membership, what others see of it, and which passwords will do."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz

from timebank.members.models import DeviceSession, Member

#: Fields of a member that have a circle of their own. First name and number are seen by all.
FIELDS = ("last_name", "area", "email", "phone", "about")
#: States in which a member still belongs: a paused one can come back by themselves.
BELONGING = frozenset({"active", "paused"})
#: After signing in, this long nobody is asked again whether it is really them.
SURE_FOR = dt.timedelta(minutes=10)
#: Letters that Unicode does not take apart by itself.
_LETTERS = str.maketrans(
    {
        "ø": "o", "æ": "ae", "å": "a", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d",
        "þ": "th", "\u0131": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ĸ": "k",
    }
)  # fmt: skip


def fold(text: str) -> str:
    """Return a text as search compares it: small letters, no accents, one space between words."""
    small = unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS)
    bare = "".join(character for character in small if not unicodedata.combining(character))
    return " ".join(bare.split())


def fold_address(email: str) -> str:
    """Return an e-mail address in the one form it is compared and kept in."""
    return unicodedata.normalize("NFKC", email).strip().casefold()


# ----------------------------------------------------------------------- who sees what


def may_see_field(
    member: Member, field: str, viewer: Member | None, viewer_roles: frozenset[str]
) -> bool:
    """Tell whether `viewer` sees a field of `member`.

    Args:
        member: Whose field it is.
        field: One of `FIELDS`, or "first_name" or "number", which everybody of the community sees.
        viewer: Who looks, or None for somebody who is not signed in.
        viewer_roles: What the viewer is in this community.
    """
    if viewer is None or viewer.community_id != member.community_id:
        return False
    if viewer.id == member.id:
        return True
    if viewer.state not in BELONGING:
        return False
    circle = getattr(member, f"{field}_seen_by") if field in FIELDS else "community"
    return circle == "community" or (circle == "coordinator" and "coordinator" in viewer_roles)


def may_see(member: Member, viewer: Member, viewer_roles: frozenset[str]) -> bool:
    """Tell whether a member's page is there for `viewer` at all."""
    return (
        member.state in BELONGING or viewer.id == member.id or "coordinator" in viewer_roles
    ) and viewer.community_id == member.community_id


def state_after_joining(joining: str, *, invited: bool) -> str | None:
    """Return what a new membership begins as, or None if it cannot begin: an invitation is needed.

    An invitation comes from a coordinator, so nobody has to approve again.
    """
    if invited or joining == "open":
        return "active"
    return "waiting" if joining == "approval" else None


def is_sure(device: DeviceSession, *, now: dt.datetime, belongs_elsewhere: bool = False) -> bool:
    """Tell whether somebody signed in on this device so lately that it is still them.

    A card is no proof for somebody who `belongs_elsewhere` too: what they set up with it would open
    communities that had no part in making it.
    """
    is_enough = device.community_id is None or not belongs_elsewhere
    return is_enough and now - device.created_at <= SURE_FOR


# ---------------------------------------------------------------------- the same person?

#: From this likeness of names on, two memberships may be one person. 100 is the same name.
ALIKE_MIN = 88
SAME_AREA_MIN = 78


@dataclass(frozen=True, slots=True)
class Traits:
    """What two memberships are compared by; `folded_name` is folded, the others are as typed."""

    folded_name: str
    area: str = ""
    email: str = ""
    phone: str = ""


def reasons_for_one_person(one: Traits, other: Traits) -> tuple[str, ...]:
    """List why two memberships may be of one person; empty if nothing speaks for it.

    Reasons are "email", "phone" and "name", the strongest first.
    """
    reasons = []
    if one.email and fold_address(one.email) == fold_address(other.email):
        reasons.append("email")
    if digits(one.phone) and digits(one.phone) == digits(other.phone):
        reasons.append("phone")
    same_area = bool(one.area) and fold(one.area) == fold(other.area)
    likeness = fuzz.token_sort_ratio(one.folded_name, other.folded_name)
    if likeness >= (SAME_AREA_MIN if same_area else ALIKE_MIN):
        reasons.append("name")
    return tuple(reasons)


def digits(phone: str) -> str:
    """Return the last nine digits of a phone number: what stays without code of land and zero."""
    return re.sub(r"\D", "", phone)[-9:]


# ---------------------------------------------------------------------------- passwords

PASSWORD_LENGTH_MIN = 10
#: Longer than anybody types; without an end somebody could keep the server hashing.
PASSWORD_LENGTH_MAX = 1000
PASSWORD_FAULTS = ("short", "long", "common", "known")
#: What has to be left when the words that everybody tries are taken away.
OWN_CHARACTERS_MIN = 5
KNOWN_WORD_LENGTH_MIN = 3
_LOOKALIKES = str.maketrans("013457@$!|", "oieastasii")
#: Words that passwords are made of all over the world, and rows of keys.
_TRIED_FIRST = tuple((Path(__file__).parent / "tried_first.txt").read_text("utf-8").split())


@dataclass(frozen=True, slots=True)
class WeakPassword:
    """Why a password will not do; `known` are the person's own words that stand in it."""

    why: str
    known: Sequence[str] = ()


def password_fault(password: str, known_words: Iterable[str] = ()) -> WeakPassword | None:
    """Return why a password will not do, or None.

    Args:
        password: As typed, in NFC.
        known_words: What others know of this person: names, address, the community.
    """
    if len(password) < PASSWORD_LENGTH_MIN:
        return WeakPassword("short")
    if len(password) > PASSWORD_LENGTH_MAX:
        return WeakPassword("long")
    core = fold(password).replace(" ", "")
    own = [word for phrase in known_words for word in re.split(r"[^\w]+|_", fold(phrase))]
    own = [word for word in own if len(word) >= KNOWN_WORD_LENGTH_MIN]
    found = [word for word in own if word in core]
    if found and len(_what_is_left(core, found)) < OWN_CHARACTERS_MIN:
        return WeakPassword("known", tuple(found))
    return WeakPassword("common") if _is_common(core) else None


def _what_is_left(text: str, words: Iterable[str]) -> set[str]:
    """Return the different characters, but digits, that stay when words are taken out of a text."""
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    return set(text) - set("0123456789")


def _is_common(core: str) -> bool:
    """Tell whether nothing is left of a password without repeats and words everybody tries."""
    if len(set(core)) < OWN_CHARACTERS_MIN or _is_repeated(core):
        return True
    return any(
        len(_what_is_left(text, _TRIED_FIRST)) < OWN_CHARACTERS_MIN
        for text in (core, core.translate(_LOOKALIKES))
    )


def _is_repeated(text: str) -> bool:
    """Tell whether a text is one short piece again and again, such as abcabcabc."""
    piece_length = (text + text).find(text, 1)
    return piece_length < min(len(text), PASSWORD_LENGTH_MIN)


# --------------------------------------------------------------------------- code cards

#: No letter and digit that look alike on paper: neither 0 and O, nor 1, I and L, nor U and V.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 8


def code_in_groups(code: str) -> str:
    """Return a code as it is printed: `ABCD-EFGH`."""
    return f"{code[:4]}-{code[4:]}"


def code_typed(text: str) -> str:
    """Return a code as it was made, however it was typed."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())[: 2 * CODE_LENGTH]


def number_typed(text: str) -> int:
    """Return a member number, however it was typed; 0, which nobody has, if it is none."""
    number = text.strip().upper().removeprefix("M").strip()
    return int(number) if number.isascii() and number.isdigit() and len(number) <= 9 else 0  # noqa: PLR2004 - fits an integer
