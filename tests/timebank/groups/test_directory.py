"""The directory: who finds which groups, by what."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from tests.timebank.groups.scene import Scene
from timebank.groups import queries, service
from timebank.groups.models import Venue
from timebank.groups.queries import Wanted
from timebank.groups.service import VenueDetails


def venue(scene: Scene, name: str, **details: Any) -> Venue:
    return service.add_venue(
        scene.session, scene.community, VenueDetails(name=name, **details), now=NOW
    )


def found(scene: Scene, *, only_public: bool = False, **wanted: Any) -> list[str]:
    entries = queries.every_entry(
        scene.session, scene.community.id, Wanted(**wanted), only_public=only_public
    )
    return [entry.group.name for entry in entries]


@pytest.mark.parametrize("text", ["SE18TU", "se1 8tu", "SE1 8TU", "Chaplin se18tu", "chapl"])
def test_a_postcode_finds_its_group_however_it_is_typed(scene: Scene, text: str) -> None:
    patch = venue(scene, "Chaplin Close", postcode="SE18TU")
    roof = venue(scene, "Three Stags", postcode="SE1 7PZ")
    scene.start(name="Back door veg patch", venue_id=patch.id)
    scene.start(name="Rooftop bees", venue_id=roof.id)
    assert found(scene, text=text) == ["Back door veg patch"]
    assert found(scene, text="SE17PZ") == found(scene, text="se1 7pz") == ["Rooftop bees"]
    places = queries.venues(scene.session, scene.community.id, text=text)
    assert [each.name for each in places] == ["Chaplin Close"]


def test_a_word_of_what_a_group_says_about_itself_finds_it(scene: Scene) -> None:
    scene.start(name="Knitters", words="Wool & needles, and a café after it. 100_percent.")
    for text in ("wool", "NEEDLES", "knitters wool", "café,", "100_"):
        assert found(scene, text=text) == ["Knitters"], text
    for text in ("wool badminton", "1_0"):
        assert found(scene, text=text) == [], text


def test_the_directory_is_narrowed_by_what_people_look_for(scene: Scene) -> None:
    oval = venue(scene, "Oval House", area="Oval")
    scene.start(
        name="Café",
        supports=["social", "emotional"],
        slots=[(1, "afternoon")],
        transitions=["leaving hospital"],
        sector="charity",
        area="Brixton",
    )
    scene.start(name="Repair", supports=["practical"], slots=[(5, "morning")], venue_id=oval.id)
    assert found(scene) == ["Badminton", "Café", "Repair"]
    assert found(scene, support="social") == ["Café"]
    assert found(scene, support="practical") == ["Repair"]
    assert found(scene, weekday=1) == ["Café"]
    assert found(scene, weekday=1, support="practical") == []
    assert found(scene, transition="leaving hospital") == ["Café"]
    assert found(scene, sector="charity") == ["Café"]
    assert found(scene, area="Oval") == ["Repair"]
    assert found(scene, area="Brixton") == ["Café"]
    assert found(scene, text="cafe brixton") == ["Café"]
    assert found(scene, text="sunday") == ["Badminton"]
    areas = queries.areas(scene.session, scene.community.id, only_public=False)
    assert areas == ["Brixton", "Oval"]


def test_visitors_find_only_what_shows_itself(scene: Scene) -> None:
    scene.start(name="Open house", is_public=True, area="Brixton")
    over = scene.start(name="Over", is_public=True, area="Clapham")
    over.state = "ended"
    assert found(scene, only_public=True) == ["Open house"]
    assert found(scene) == ["Badminton", "Open house"]
    assert queries.areas(scene.session, scene.community.id, only_public=True) == ["Brixton"]


def test_another_community_has_a_directory_of_its_own(scene: Scene, session: Session) -> None:
    other = make_community(session)
    make_member(session, other)
    entries = queries.every_entry(session, other.id, Wanted(), only_public=False)
    assert entries == []


def test_the_directory_comes_a_page_at_a_time(scene: Scene) -> None:
    for name in ("Tea", "Tea", "Chess"):
        scene.start(name=name)
    key = scene.community.id
    first = queries.entries(scene.session, key, Wanted(), only_public=False, limit=3)
    rest = queries.entries(
        scene.session, key, Wanted(), only_public=False, after=first[-1].group.id, limit=3
    )
    names = [entry.group.name for entry in (*first, *rest)]
    assert names == ["Badminton", "Chess", "Tea", "Tea"]
    gone = scene.lena.id
    again = queries.entries(scene.session, key, Wanted(), only_public=False, after=gone, limit=9)
    assert len(again) == 4


def test_a_place_that_is_closed_is_not_offered(scene: Scene) -> None:
    today = NOW.date()
    day = dt.timedelta(days=1)
    venue(scene, "Old rooms", closes_on=today - day)
    venue(scene, "New rooms", opens_on=today + day)
    venue(scene, "Hall", opens_on=today, closes_on=today)
    key = scene.community.id
    assert [each.name for each in queries.venues(scene.session, key, open_on=today)] == ["Hall"]
    first = queries.venues(scene.session, key, limit=1)
    rest = queries.venues(scene.session, key, after=first[0].id)
    assert [each.name for each in (*first, *rest)] == ["Hall", "New rooms", "Old rooms"]


def test_a_place_lists_the_groups_that_meet_there(scene: Scene) -> None:
    hall = venue(scene, "Hall")
    group = scene.start(name="Tea", venue_id=hall.id)
    assert queries.groups_at(scene.session, hall) == [group]
    assert queries.entry(scene.session, group).venue is hall
    assert queries.entry(scene.session, scene.group).venue is None
