"""What people type, tidied before anybody looks at it."""

from hypothesis import given
from hypothesis import strategies as st

from timebank.web.fields import one_line, tidy


def test_what_only_disturbs_is_dropped() -> None:
    assert tidy("  Sam\x00 \u202eevil\u202c \n ") == "Sam evil"
    assert one_line("Sam\r\nBcc: all") == "Sam Bcc: all"
    assert tidy(None) == ""


def test_accents_are_composed_and_emoji_kept() -> None:
    assert tidy("Rene\u0301") == "René"
    assert tidy("👩‍🌾 ❤️") == "👩‍🌾 ❤️"


@given(st.text())
def test_tidying_twice_changes_nothing_more(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert one_line(one_line(text)) == one_line(text)
