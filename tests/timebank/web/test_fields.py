"""What people type, tidied before anybody looks at it."""

import re

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Form, RadioField, SelectMultipleField
from wtforms.fields.choices import SelectChoice

from timebank.web.fields import (
    HoursField,
    MinutesField,
    PageForm,
    one_line,
    tidy,
    whole_minutes,
)


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


class HoursForm(Form):  # type: ignore[misc] # the forms library ships no types
    """A floor, in hours."""

    floor = HoursField("Floor", minutes_max=600, sign=-1)


def hours_form(typed: str | None, present: int | None = None) -> HoursForm:
    fields = MultiDict({} if typed is None else {"floor": typed})
    form = HoursForm(formdata=fields or MultiDict({"other": ""}), data={"floor": present})
    form.validate()
    return form


@pytest.mark.parametrize(
    ("typed", "minutes"),
    [
        *(("", None), ("0", 0), ("4", -240), ("4.5", -270), ("4,25", -255), ("4:15", -255)),
        *((" 10 ", -600), ("0.75", -45)),
    ],
)
def test_hours_are_typed_as_people_write_them(typed: str, minutes: int | None) -> None:
    form = hours_form(typed)
    assert (form.floor.minutes, form.errors) == (minutes, {})


@pytest.mark.parametrize("typed", ["4.1", "-4", "4:07", "4h", "1e1", "٤", "12345", "4.255"])
def test_asvs_10_hours_that_are_no_quarters_are_explained_and_kept(typed: str) -> None:
    form = hours_form(typed, -60)
    assert form.floor.data == typed
    assert form.floor.minutes is None
    assert form.floor.errors == ["Write hours in quarters, such as 4 or 4.25, or nothing at all."]


def test_hours_have_a_greatest_number() -> None:
    assert hours_form("10.25").floor.errors == ["Write at most 10 hours."]


@pytest.mark.parametrize(("present", "shown"), [(-67, "1:07"), (-90, "1.5"), (0, "0"), (None, "")])
def test_what_stood_there_before_is_taken_whatever_it_is(present: int | None, shown: str) -> None:
    assert HoursForm(data={"floor": present}).floor.data == shown
    assert hours_form(shown, present).floor.minutes == present
    assert hours_form(None, present).floor.minutes == present
