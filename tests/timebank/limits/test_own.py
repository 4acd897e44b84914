"""Limits of one's own, their history, and hours given away, told as stories."""

import datetime as dt
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from tests.factories import NOW
from tests.timebank.exchanges.scene import DAY, TODAY, Scene, told
from timebank.communities.models import LIMITS
from timebank.communities.policy import Limits
from timebank.hours import queries as hours
from timebank.hours import service as hours_service
from timebank.hours.errors import NoOwnLimitsError, ReasonMissingError
from timebank.hours.models import OwnLimits
from timebank.limits import service
from timebank.limits.errors import LastDayOutOfRangeError, OwnAccountError
from timebank.limits.history import history


def lines(**changed: int | None) -> Limits:
    gentle = dict(zip(LIMITS, (None, -240, -120, 1200, 2400, None), strict=True))
    return Limits(**(gentle | changed))


def own(scene: Scene, **values: object) -> None:
    given: dict[str, object] = {
        "until_on": None,
        "reason": "New baby: we agreed on more room.",
        "by": scene.cora,
        "now": NOW,
    }
    limits = values.pop("limits", lines(floor_minutes=-1200, floor_soft_minutes=-900))
    service.give_own(scene.session, scene.community, scene.rune, limits, **(given | values))  # type: ignore[arg-type]


def test_limits_of_ones_own_hold_until_their_last_day_is_over(scene: Scene) -> None:
    own(scene, until_on=TODAY + 7 * DAY)
    assert told(scene, "rune") == ["limit-own"]
    assert hours.balance_of(scene.session, scene.rune).floor_minutes == -1200
    assert service.end_next(scene.session, now=NOW + 7 * DAY) == 0, "the last day counts"
    assert service.end_next(scene.session, now=NOW + 8 * DAY) == 1
    assert service.end_next(scene.session, now=NOW + 8 * DAY) == 0, "once"
    balance = hours.balance_of(scene.session, scene.rune)
    assert hours.limits_for(scene.session, scene.community, balance.code)[1] is None
    assert balance.floor_minutes != -1200
    assert told(scene, "rune") == ["limit-own", "limit-as-everybody"]


def test_others_limits_end_what_was_given_before(scene: Scene) -> None:
    own(scene)
    own(scene, limits=lines(floor_minutes=-600), reason="Less is enough now", now=NOW + DAY)
    rows = hours.own_limits_ever(scene.session, scene.community.id, scene.rune.account_code)
    assert [(one.ended_at, one.floor_minutes) for one in rows] == [
        (NOW + DAY, -1200),
        (None, -600),
    ]


def test_limits_of_ones_own_pass_by_those_of_everybody(scene: Scene) -> None:
    own(scene)
    service.change_for_everybody(
        scene.session, scene.community, lines(floor_minutes=-300), by=scene.cora, now=NOW
    )
    assert hours.balance_of(scene.session, scene.rune).floor_minutes == -1200
    service.give_the_communitys(
        *(scene.session, scene.community, scene.rune), by=scene.cora, reason="Enough", now=NOW
    )
    assert hours.balance_of(scene.session, scene.rune).floor_minutes == -300
    with pytest.raises(NoOwnLimitsError):
        service.give_the_communitys(
            *(scene.session, scene.community, scene.rune), by=scene.cora, reason="", now=NOW
        )


def test_what_cannot_be_decided_changes_nothing(scene: Scene) -> None:
    with pytest.raises(ReasonMissingError):
        own(scene, reason="  ")
    with pytest.raises(OwnAccountError):
        own(scene, by=scene.rune)
    for day in (TODAY, TODAY - DAY, TODAY + 800 * DAY):
        with pytest.raises(LastDayOutOfRangeError):
            own(scene, until_on=day)
    with pytest.raises(OwnAccountError):
        service.give_the_communitys(
            *(scene.session, scene.community, scene.rune), by=scene.rune, reason="", now=NOW
        )
    assert scene.session.scalar(sa.select(sa.func.count()).select_from(OwnLimits)) == 0
    assert told(scene, "rune") == []


# -------------------------------------------------------------------------------- history


def test_the_history_tells_every_change_with_who_when_why_and_from_what(scene: Scene) -> None:
    session, community = scene.session, scene.community
    moments = Moments()
    change = service.change_for_everybody
    change(session, community, lines(floor_minutes=-600), by=scene.cora, now=next(moments))
    own(scene, now=next(moments), until_on=TODAY + 2 * DAY)
    change(session, community, lines(floor_minutes=-300), by=scene.cora, now=next(moments))
    service.end_next(session, now=NOW + 5 * DAY)
    change(
        session,
        community,
        lines(floor_minutes=-300, floor_soft_minutes=-200),
        by=scene.cora,
        now=NOW + 6 * DAY,
    )
    hours_service.set_state(
        *(session, community, scene.rune.account_code, "frozen"),
        by=scene.cora,
        reason="Asked for it",
        now=NOW + 7 * DAY,
    )
    found = history(session, community, scene.rune.account_code, since=scene.rune.joined_at)
    assert [line.kind for line in found] == [
        "state",
        "everybody",
        "last day",
        "own",
        "everybody",
        "opened",
    ]
    by_kind = {line.kind: line for line in reversed(found)}
    assert by_kind["own"].by_member_id == scene.cora.id
    assert by_kind["own"].reason.startswith("New baby")
    assert by_kind["own"].changes == [
        ("floor_minutes", -600, -1200),
        ("floor_soft_minutes", -240, -900),
    ]
    assert ("floor_minutes", -1200, -300) in by_kind["last day"].changes
    assert found[1].changes == [("floor_soft_minutes", -240, -200)]
    gita = history(session, community, scene.gita.account_code, since=scene.gita.joined_at)
    assert [line.kind for line in gita] == ["everybody", "everybody", "everybody", "opened"]
    assert gita[1].changes == [("floor_minutes", -600, -300)]


def test_the_history_knows_what_the_book_alone_knows(scene: Scene) -> None:
    hours_service.set_limits(
        *(scene.session, scene.community, scene.rune.account_code),
        floor_minutes=-60,
        ceiling_minutes=None,
        by=scene.cora,
        reason="By hand",
        now=NOW,
    )
    found = history(
        scene.session, scene.community, scene.rune.account_code, since=scene.rune.joined_at
    )
    assert (found[0].kind, found[0].changes) == ("decided", [("floor_minutes", None, -60)])


class Moments:
    """One minute after the other."""

    def __init__(self) -> None:
        self._minutes = 0

    def __iter__(self) -> Iterator[dt.datetime]:
        return self

    def __next__(self) -> dt.datetime:
        self._minutes += 1
        return NOW + dt.timedelta(minutes=self._minutes)
