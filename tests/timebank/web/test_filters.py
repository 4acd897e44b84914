"""How values read."""

import datetime as dt

import pytest
from flask import Flask, g

from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.web import filters


@pytest.mark.parametrize(
    ("minutes", "label"),
    [(0, "0 min"), (15, "15 min"), (60, "1 h"), (90, "1 h 30 min"), (-120, "2 h")],
)
def test_a_length_of_time_reads_as_hours_and_minutes(app: Flask, minutes: int, label: str) -> None:
    with app.test_request_context():
        assert filters.hours_label(minutes).replace("\xa0", " ") == label


def test_a_length_of_time_stays_on_one_line(app: Flask) -> None:
    with app.test_request_context():
        assert filters.hours_label(90).split(" ") == ["1\xa0h\xa030\xa0min"]


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(180, "3 h to spend"), (-120, "2 h to give back"), (0, "all even")],
)
def test_a_balance_reads_without_blame(app: Flask, minutes: int, words: str) -> None:
    with app.test_request_context():
        assert filters.hours_words(minutes).replace("\xa0", " ") == words


@pytest.mark.parametrize(("minutes", "label"), [(60, "+1 h"), (-30, "−30 min"), (0, "0 min")])
def test_a_movement_shows_its_direction(app: Flask, minutes: int, label: str) -> None:
    with app.test_request_context():
        assert filters.hours_signed(minutes).replace("\xa0", " ") == label


def test_times_are_the_communitys_own(app: Flask) -> None:
    moment = dt.datetime(2026, 7, 1, 22, 30, tzinfo=dt.UTC)
    with app.test_request_context():
        g.community = Community(slug="v", name="V", time_zone="Europe/Copenhagen", locale="en")
        assert filters.short_day(moment) == "2 Jul 2026"
        assert filters.moment_words(moment) == "Thursday 2 July 2026, 00:30"


@pytest.mark.parametrize(
    ("days", "words"), [(0, "today"), (1, "yesterday"), (3, "3 days ago"), (40, " 20")]
)
def test_how_long_ago_reads_in_words(app: Flask, days: int, words: str) -> None:
    with app.test_request_context():
        assert words in filters.ago(utc_now() - dt.timedelta(days=days))


def test_asvs_01_member_words_become_paragraphs_and_stay_words(app: Flask) -> None:
    with app.test_request_context():
        shown = filters.lines('One <script>alert(1)</script>\nline\n\nTwo & "more"')
    assert shown == (
        "<p>One &lt;script&gt;alert(1)&lt;/script&gt;<br>line</p><p>Two &amp; &#34;more&#34;</p>"
    )
