"""Starting a group, changing it, saying that it is right, ending it."""

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community
from tests.timebank.groups.scene import TODAY, Scene, make_scene
from timebank.groups import queries, service
from timebank.groups.errors import (
    GroupEndedError,
    GroupNotFoundError,
    NotYoursToRunError,
    PlaceTakenError,
    VenueNotFoundError,
    WordsMissingError,
)
from timebank.groups.service import GroupDetails, VenueDetails
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.hours.errors import AccountClosedError, AccountInUseError


def test_a_group_of_three_answers_works_at_once_and_the_coordinator_hears_of_it(
    session: Session,
) -> None:
    scene = make_scene(session)
    group = scene.group
    assert (group.slug, group.account_code, group.is_open) == ("badminton", "G000002", True)
    assert scene.who(scene.lena).part == "lead"
    assert scene.pot() == 0
    assert scene.told(scene.cora) == ["group-started"]
    assert scene.told(scene.lena) == []


def test_a_coordinator_who_starts_a_group_is_not_told_of_it(session: Session) -> None:
    scene = make_scene(session)
    scene.start(scene.cora)
    assert scene.told(scene.cora) == ["group-started"]


def test_two_groups_of_one_name_have_two_addresses_and_two_pots(session: Session) -> None:
    scene = make_scene(session)
    names = ["Badminton", "Badminton", "New", "…"]
    groups = [scene.start(name=name) for name in names]
    assert [group.slug for group in groups] == ["badminton-2", "badminton-3", "new-group", "group"]
    assert [group.account_code for group in groups] == ["G000003", "G000004", "G000005", "G000006"]


def test_a_group_needs_a_name(session: Session) -> None:
    scene = make_scene(session)
    with pytest.raises(WordsMissingError):
        scene.start(name="  ")
    with pytest.raises(WordsMissingError):
        service.change_group(
            session, scene.group, GroupDetails(name=""), by=scene.lena, who=scene.lead, now=NOW
        )


def test_a_group_keeps_its_address_when_it_changes_its_name(session: Session) -> None:
    scene = make_scene(session)
    details = GroupDetails(
        name="Badminton and tea",
        slots=[(6, "morning"), (2, "evening")],
        transitions=["leaving hospital"],
        supports=["social"],
        tone=3,
        joining="ask",
    )
    service.change_group(session, scene.group, details, by=scene.lena, who=scene.lead, now=NOW)
    changed = GroupDetails(
        name="Badminton and tea", slots=[(6, "morning")], transitions=["leaving a service"]
    )
    service.change_group(session, scene.group, changed, by=scene.lena, who=scene.lead, now=NOW)
    session.commit()
    group = queries.by_slug(session, scene.community.id, "badminton")
    assert group.name == "Badminton and tea"
    assert [(slot.weekday, slot.part) for slot in group.slots] == [(6, "morning")]
    assert [each.transition for each in group.transitions] == ["leaving a service"]
    assert (group.is_social, group.tone, group.joining) == (False, 3, "open")
    assert scene.story() == ["started", "changed", "changed"]


def test_only_those_who_run_a_group_change_it(session: Session) -> None:
    scene = make_scene(session)
    scene.come_in(scene.hugo, "host")
    for member in (scene.hugo, scene.otto):
        with pytest.raises(NotYoursToRunError):
            service.change_group(
                session,
                scene.group,
                GroupDetails(name="Ours"),
                by=member,
                who=scene.who(member),
                now=NOW,
            )
    service.mark_checked(
        session,
        scene.group,
        by=scene.cora,
        who=scene.who(scene.cora, "coordinator"),
        today=TODAY,
        now=NOW,
    )
    assert (scene.group.checked_on, scene.group.checked_by_id) == (TODAY, scene.cora.id)


def test_a_place_of_another_community_is_no_place_here(session: Session) -> None:
    scene = make_scene(session)
    elsewhere = make_community(session)
    hall = service.add_venue(session, elsewhere, VenueDetails(name="Hall"), now=NOW)
    with pytest.raises(VenueNotFoundError):
        scene.start(venue_id=hall.id)


def test_a_place_is_noted_once(session: Session) -> None:
    scene = make_scene(session)
    details = VenueDetails(name="Church hall", address="1 High Road", postcode="se17pz")
    hall = service.add_venue(session, scene.community, details, now=NOW)
    assert hall.postcode == "SE1 7PZ"
    with pytest.raises(PlaceTakenError):
        service.add_venue(session, scene.community, details, now=NOW)
    service.change_venue(session, hall, VenueDetails(name="Church hall", area="Oval"))
    with pytest.raises(WordsMissingError):
        service.change_venue(session, hall, VenueDetails(name=" "))
    found = queries.venue(session, scene.community.id, hall.id)
    assert (found.area, found.postcode) == ("Oval", "")


def test_what_the_pot_of_an_ended_group_holds_goes_to_the_community(session: Session) -> None:
    scene = make_scene(session)
    scene.come_in(scene.mia)
    _give(session, scene, 90)
    moved = service.end_group(
        session,
        scene.community,
        scene.group,
        by=scene.lena,
        who=scene.lead,
        now=NOW,
        today=TODAY,
    )
    assert moved == 90
    assert scene.pot() == 0
    assert hours.balance(session, scene.community.id, "G000001").posted == 90
    assert scene.told(scene.mia)[-1] == "group-ended"
    with pytest.raises(GroupEndedError):
        service.mark_checked(
            session, scene.group, by=scene.lena, who=scene.lead, today=TODAY, now=NOW
        )
    with pytest.raises(AccountClosedError):
        _give(session, scene, 30, key="later")


def test_a_group_whose_pot_owes_hours_does_not_end(session: Session) -> None:
    scene = make_scene(session)
    hours_service.set_limits(
        session,
        scene.community,
        scene.group.account_code,
        floor_minutes=-60,
        ceiling_minutes=None,
        by=scene.lena,
        reason=None,
        now=NOW,
    )
    hours_service.move(
        session,
        scene.community,
        kind="grant",
        legs=[(scene.group.account_code, scene.mia.account_code, 30)],
        happened_on=TODAY,
        category="pot.grant",
        key="grant",
        by=scene.lena,
        now=NOW,
    )
    with pytest.raises(AccountInUseError):
        service.end_group(
            session,
            scene.community,
            scene.group,
            by=scene.lena,
            who=scene.lead,
            now=NOW,
            today=TODAY,
        )


def test_a_group_that_is_not_there_is_not_found(session: Session) -> None:
    scene = make_scene(session)
    with pytest.raises(GroupNotFoundError):
        queries.by_slug(session, scene.community.id, "chess")
    with pytest.raises(GroupNotFoundError):
        queries.by_id(session, scene.community.id, scene.lena.id)
    with pytest.raises(GroupNotFoundError):
        queries.by_slug(session, make_community(session).id, "badminton")
    assert queries.by_id(session, scene.community.id, scene.group.id) is scene.group


def _give(session: Session, scene: Scene, minutes: int, key: str = "gift") -> None:
    hours_service.move(
        session,
        scene.community,
        kind="gift",
        legs=[(scene.mia.account_code, scene.group.account_code, minutes)],
        happened_on=TODAY,
        category="pot.gift",
        key=key,
        by=scene.mia,
        now=NOW,
    )
