"""What people type, tidied before anybody looks at it."""

import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from wtforms import RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from timebank.web.fields import MinutesField, PageForm, one_line, tidy, whole_minutes


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


@pytest.mark.parametrize("typed", ["", "-15", "1e9", "½", "٦٠", "NaN", "60\x00", "9" * 5000])
def test_asvs_10_minutes_are_plain_figures_and_few(typed: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(typed)}$"):
        whole_minutes(typed)


def test_minutes_are_read_as_the_page_sends_them() -> None:
    assert whole_minutes("60") == whole_minutes(60) == 60


def test_an_answer_that_no_page_offers_is_said_in_our_words(app: Flask) -> None:
    class HowLong(PageForm):
        side = RadioField(choices=[SelectChoice("give", "")])
        days = SelectMultipleField(choices=[SelectChoice("0", "")])
        minutes = MinutesField("")

    with app.test_request_context(
        method="POST", data={"side": "x", "days": ["7", "8"], "minutes": "1e9"}
    ):
        form = HowLong()
        assert not form.validate()
        errors = {name: [str(one) for one in form[name].errors] for name in form.data}
    ours = ["Choose one of the answers on the page."]
    assert errors["side"] == errors["days"] == ours
    assert errors["minutes"] == ["Choose how long from the list."]
