"""Rules that need no database: postcodes, addresses, standings, colours."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.config import ROOT
from timebank.groups.models import SLUG_LENGTH_MAX, TONES, Group, GroupMember
from timebank.groups.names import TONE_NAMES
from timebank.groups.policy import places, standing
from timebank.groups.policy.standing import VISITOR

CSS = (ROOT / "timebank" / "static" / "timebank.css").read_text("utf-8")


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("se18tu", "SE1 8TU"),
        (" SE1  7pz ", "SE1 7PZ"),
        ("SW1A1AA", "SW1A 1AA"),
        ("7100", "7100"),
        ("08001 bcn", "08001 BCN"),
        ("", ""),
    ],
)
def test_a_postcode_is_written_as_on_letters(typed: str, written: str) -> None:
    assert places.tidy_postcode(typed) == written
    assert places.tidy_postcode(written) == written


@given(st.text(max_size=200), st.integers(0, 30))
def test_a_group_always_gets_an_address_that_is_free(name: str, taken: int) -> None:
    slugs: set[str] = set()
    for _each in range(taken + 1):
        slug = places.free_slug(name, frozenset(slugs))
        assert slug not in slugs
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", slug)
        assert len(slug) <= SLUG_LENGTH_MAX
        assert slug not in places.TAKEN_SLUGS
        slugs.add(slug)


@pytest.mark.parametrize("text", ["cafe@example.org", "a.b+c@sub.example.org"])
def test_a_mailbox_is_told_from_other_words(text: str) -> None:
    assert places.is_mailbox(text)
    assert not places.is_mailbox(text.replace("@", " at "))


def test_what_somebody_may_do_follows_from_their_part() -> None:
    def who(part: str | None, state: str = "active", *roles: str) -> standing.Standing:
        link = GroupMember(part=part, state=state) if part else None
        return standing.standing(link, frozenset(roles))

    lead, host, member = who("lead"), who("host"), who("member")
    nobody, coordinator = who(None), who(None, "active", "coordinator")
    assert [standing.may_run(each) for each in (lead, host, member, nobody, coordinator)] == [
        *(True, False, False, False, True)
    ]
    assert [standing.may_host(each) for each in (lead, host, member, nobody, coordinator)] == [
        *(True, True, False, False, True)
    ]
    assert [standing.may_see_people(each) for each in (member, nobody, coordinator)] == [
        *(True, False, True)
    ]
    invited = who("lead", "invited")
    assert not standing.may_run(invited)
    assert not standing.may_see_people(invited)
    assert standing.may_add_places(frozenset({"host"}), frozenset())
    assert standing.may_add_places(frozenset(), frozenset({"coordinator"}))
    assert not standing.may_add_places(frozenset({"member"}), frozenset({"treasurer"}))


@pytest.mark.parametrize("part", ["lead", "host", "member"])
def test_whoever_stays_away_is_in_the_group_like_everybody_else(part: str) -> None:
    link = GroupMember(part=part, state="active")
    who = standing.standing(link, frozenset(), is_away=True)
    assert (who.part, who.belongs) == ("member", True)
    assert not standing.may_host(who)
    left = standing.standing(GroupMember(part=part, state="left"), frozenset(), is_away=True)
    assert not left.belongs


def test_visitors_see_public_groups_that_go_on() -> None:
    shown = Group(is_public=True, state="open")
    assert standing.may_see(shown, VISITOR)
    assert not standing.may_see(Group(is_public=True, state="ended"), VISITOR)
    assert not standing.may_see(Group(is_public=False, state="open"), VISITOR)
    member = standing.standing(None, frozenset())
    assert standing.may_see(Group(is_public=False, state="open"), member)


# ------------------------------------------------------------------------------ colours


def tone(number: int) -> dict[str, str]:
    rule = re.search(rf"\.emblem-{number} {{(.*?)}}", CSS)
    assert rule is not None, f"no colour for tone {number}"
    pairs = (line.split(":") for line in rule[1].split(";") if line.strip())
    return {name.strip(): value.strip() for name, value in pairs}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG counts it."""

    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_letter_of_each_colour_can_be_read() -> None:
    assert len(TONE_NAMES) == TONES
    for number in range(TONES):
        rule = tone(number)
        assert contrast(rule["background"], rule["color"]) >= 7, number
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#f4b233", "#fffaf0") < 4.5


def test_no_two_groups_are_told_apart_by_colour_alone() -> None:
    for one, other in itertools.combinations(range(TONES), 2):
        assert tone(one)["border-radius"] != tone(other)["border-radius"], (one, other)
        assert tone(one)["background"] != tone(other)["background"], (one, other)
