"""Making communities and changing the rules of the house."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from timebank.communities import policy, queries, service
from timebank.communities.errors import BadSlugError, SlugTakenError, UnknownTimeZoneError
from timebank.communities.models import SETTINGS, Community

LATER = NOW + dt.timedelta(hours=1)


def test_a_community_takes_its_settings_and_defaults_for_the_rest(session: Session) -> None:
    elm = service.create_community(
        session, slug="elm-street", name="Elm Street", now=NOW, time_zone="Europe/Copenhagen"
    )
    assert (elm.joining, elm.time_zone, elm.floor_minutes) == (
        "approval",
        "Europe/Copenhagen",
        None,
    )
    with pytest.raises(SlugTakenError):
        service.create_community(session, slug="elm-street", name="Other", now=NOW)
    with pytest.raises(TypeError, match="member_count"):
        service.create_community(session, slug="x", name="X", now=NOW, member_count=7)


@pytest.mark.parametrize("slug", ["", "Elm", "elm street", "-elm", "elm--x", "é", "a" * 41, "a/b"])
def test_a_short_name_has_to_stand_in_an_address(session: Session, slug: str) -> None:
    with pytest.raises(BadSlugError) as refusal:
        service.create_community(session, slug=slug, name="X", now=NOW)
    assert refusal.value.slug == slug


def test_a_time_zone_has_to_exist(session: Session) -> None:
    assert policy.is_time_zone("Europe/London")
    with pytest.raises(UnknownTimeZoneError) as refusal:
        service.create_community(session, slug="x", name="X", now=NOW, time_zone="Elm/Street")
    assert refusal.value.time_zone == "Elm/Street"


def test_every_change_of_a_setting_is_kept(session: Session) -> None:
    community = make_community(session, floor_minutes=-600)
    cora = make_member(session, community, roles=("coordinator",))
    wanted = {"name": "New name", "floor_minutes": None, "joining": community.joining}

    changes = service.change_settings(session, community, wanted, by_member_id=cora.id, now=LATER)

    assert (community.name, community.floor_minutes) == ("New name", None)
    assert {(one.setting, one.after) for one in changes} == {
        ("name", "New name"),
        ("floor_minutes", None),
    }
    kept = queries.changes(session, community.id)
    assert {(one.by_member_id, one.at) for one in kept} == {(cora.id, LATER)}
    assert service.change_settings(session, community, wanted, by_member_id=None, now=LATER) == []


def test_new_house_rules_are_a_new_version(session: Session) -> None:
    community = make_community(session)
    service.change_settings(
        session, community, {"house_rules": "Be kind."}, by_member_id=None, now=NOW
    )
    assert community.house_rules_version == 2
    service.change_settings(
        session, community, {"house_rules": "Be kind."}, by_member_id=None, now=NOW
    )
    assert community.house_rules_version == 2


def test_the_history_knows_every_setting() -> None:
    fixed = {"id", "slug", "member_count", "pot_count", "created_at", "house_rules_version"}
    assert {column.name for column in Community.__table__.columns} - fixed == set(SETTINGS)


def test_communities_are_listed_by_name(session: Session) -> None:
    make_community(session, slug="b", name="Beech")
    make_community(session, slug="a", name="Ash")
    assert [one.name for one in queries.every(session)] == ["Ash", "Beech"]
    assert queries.by_slug(session, "none") is None


def test_what_is_new_in_a_text_is_found_line_by_line() -> None:
    before = "Be kind.\n\nCome  on time.\r\nNo money."
    assert policy.rewording(before, "Be kind.\nCome on time.\nNo money.") == policy.Rewording(
        (), ()
    )
    changed = policy.rewording(before, "Be kind and calm.\nCome on time.\nNo money.\nSay no.")
    assert changed == policy.Rewording(("Be kind and calm.", "Say no."), ("Be kind.",))


def test_the_house_rules_of_each_version_are_remembered(session: Session) -> None:
    community = service.create_community(
        session, slug="elm", name="Elm", now=NOW, house_rules="One."
    )
    for text in ("Two.", "Three."):
        service.change_settings(
            session, community, {"house_rules": text}, by_member_id=None, now=NOW
        )
    said = [queries.house_rules_at(session, community.id, version) for version in range(4)]
    assert said == [None, "One.", "Two.", None]
