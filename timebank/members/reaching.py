"""Phone numbers and e-mail addresses in a text: what belongs in none that others read."""

import re
from collections.abc import Iterable

#: A telephone number has at least so many digits, and at most so many.
PHONE_DIGITS_MIN = 7
PHONE_DIGITS_MAX = 15
_PHONE = re.compile(r"(?<![\w.:/])\+?\(?\d(?:[ \t().\-/]{0,2}\d){5,}(?!\w)")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\W\d_]{2,}")


def phone_numbers_in(text: str) -> Iterable[str]:
    """Find what in a text looks like a phone number, as it was typed."""
    for match in _PHONE.finditer(text):
        if PHONE_DIGITS_MIN <= sum(each.isdigit() for each in match[0]) <= PHONE_DIGITS_MAX:
            yield match[0].strip()


def mail_addresses_in(text: str) -> Iterable[str]:
    """Find what in a text looks like an e-mail address."""
    yield from (match[0] for match in _MAIL.finditer(text))
