"""What the demo's people say: complete, in its place, and nobody's private matter."""

import datetime as dt
from random import Random

import pytest

from timebank.demo import script
from timebank.demo.casting import OF_THE_CAST, cast
from timebank.demo.script import Script
from timebank.demo.service import COMMUNITIES
from timebank.exchanges.models import WORDS_LENGTH_MAX as THANKS_LENGTH_MAX
from timebank.listings.models import TITLE_LENGTH_MAX, WHEN_LENGTH_MAX, WORDS_LENGTH_MAX
from timebank.listings.policy import worries_in
from timebank.listings.tree import TREE

NOW = dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC)
BEGINS = (NOW - dt.timedelta(days=728)).replace(hour=9)
LEAVES = {leaf for heading in TREE for leaf in heading.leaves}


@pytest.fixture(params=COMMUNITIES)
def played(request: pytest.FixtureRequest) -> Script:
    return script.read(request.param)


def test_every_line_fits_the_board(played: Script) -> None:
    for line in played.lines:
        assert line.category in LEAVES, line.title
        assert 0 < len(line.title) <= TITLE_LENGTH_MAX
        assert len(line.words) <= WORDS_LENGTH_MAX
        assert len(line.when) <= WHEN_LENGTH_MAX
        assert line.slots
        assert line.supports
    assert {deed.category for deed in played.deeds} <= LEAVES
    assert max(map(len, played.thanks)) <= THANKS_LENGTH_MAX


def test_nobody_says_twice_what_another_says(played: Script) -> None:
    said = [line.title for line in played.lines]
    assert len(said) == len(set(said))


def test_nothing_on_the_board_would_be_warned_about(played: Script) -> None:
    private = {"phone", "mail", "link", "address"}
    for line in played.lines:
        worries = {worry.kind for worry in worries_in(f"{line.title}\n{line.words}")}
        assert not worries & private, line.title


def test_every_talk_begins_with_who_answers(played: Script) -> None:
    assert played.talks
    assert {talk.turns[0][0] for talk in played.talks} == {"caller"}


def test_the_same_day_gives_the_same_people(played: Script) -> None:
    first, second = (
        cast(played, Random(played.slug), begins=BEGINS, now=NOW) for _time in range(2)
    )
    assert first == second
    assert len(first) == played.people


def test_everything_on_the_board_has_somebody_behind_it(played: Script) -> None:
    people = cast(played, Random(1), begins=BEGINS, now=NOW)
    owners = {line.title: person.key for person in people for line in person.lines}
    assert owners.keys() == {line.title for line in played.lines}
    for title, key in OF_THE_CAST[played.slug].items():
        assert owners[title] == key


def test_nobody_comes_before_the_beginning_or_after_the_end(played: Script) -> None:
    for person in cast(played, Random(2), begins=BEGINS, now=NOW):
        assert BEGINS <= person.joins_at <= NOW
        assert person.leaves_at is None or person.joins_at < person.leaves_at <= NOW


def test_a_slot_outside_the_week_is_a_mistake_in_the_file() -> None:
    with pytest.raises(ValueError, match="5-7m"):
        list(script.read_slots("5-7m"))
