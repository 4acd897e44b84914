"""Scenes of the demo happen on whatever day it is made."""

import datetime as dt
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from timebank.demo import scenes
from timebank.demo.stories import DAY, HOUR

NOW = dt.datetime(2026, 12, 4, 13, 30, tzinfo=dt.UTC)


def test_whoever_still_waits_to_be_let_in_puts_up_their_offer_later() -> None:
    joins_at = NOW - 12 * DAY
    callum = SimpleNamespace(is_here=False)
    line = SimpleNamespace(category="study", kind="offer")
    put_up: list[dt.datetime] = []
    stage: Any = SimpleNamespace(
        members={"callum": callum},
        people={"callum": "Callum"},
        now=joins_at + 2 * DAY,
        today=NOW.date(),
        post=lambda *_details, **_more: put_up.append(stage.now),
    )
    director: Any = SimpleNamespace(
        stage=stage, ends=NOW, people={"callum": SimpleNamespace(lines=[line], joins_at=joins_at)}
    )
    scene = scenes._writes("amina", "callum", "study", "Hello", hours=2)
    story = iter(cast("Any", scene(director, Random(1))))
    assert next(story) == joins_at + 2 * DAY
    assert next(story) == joins_at + 3 * DAY
    assert not put_up
    callum.is_here, stage.now = True, joins_at + 3 * DAY
    assert next(story) == NOW - 2 * HOUR
    assert put_up == [joins_at + 3 * DAY]
