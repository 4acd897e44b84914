"""What should wait for each of the cast when a visitor looks in, whatever else happens."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from timebank.communities.policy import limits_of
from timebank.demo.stories import DAY, HOUR, Story
from timebank.exchanges import service as exchanges
from timebank.exchanges.service import Terms
from timebank.groups import service as groups
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.limits import service as limits
from timebank.listings import service as listings

if TYPE_CHECKING:
    from timebank.demo.service import Director

Scene = Callable[["Director", Random], Story]
#: An offer of one of the cast ends in so many days, and they were told.
DAYS_LEFT = 6


def scenes(director: "Director") -> Iterator[Scene]:
    """Return the scenes of a community."""
    if director.stage.script.slug == "grejs":
        yield _asks_to_confirm("karsten", "signe", "Cykel hentet og pumpet", "bikes", 45, hours=6)
        yield _proposes("signe", "jytte", "Kaffe på havnen og et slag kort", "games", hours=20)
        return
    yield _asks_to_confirm("desmond", "amina", "Shelf for the sewing boxes", "diy", 75, hours=5)
    yield _asks_to_confirm("amina", "winston", "Two trouser hems", "sewing", 45, hours=26)
    yield _proposes("rosa", "desmond", "Count the tea money with me", "notes", hours=21)
    yield _proposes("winston", "amina", "Curtain hems for the front room", "sewing", hours=15)
    yield _says_no("callum", "signe", "Carried boxes to the car boot sale", "moving", hours=9)
    yield _writes(
        "callum",
        "amina",
        "sewing",
        "Hello Amina, I have a jacket with a hole the size of a plum. Is that a job for you, "
        "or for a priest?",
        hours=3,
    )
    yield _writes(
        "amina",
        "callum",
        "study",
        "Hello Callum! I keep failing the hazard part. Could we practise on Sunday? Tea is on me.",
        hours=2,
    )
    yield _helped("desmond", "callum", "Painted the whole hall", "diy", 165, days=4)
    yield _has_more_room(
        "The family is moving house and cannot help anybody now: more room until they settled in.",
        days=25,
    )
    yield _gives_to_the_pot("amina", 180, days=16)
    yield _waits_for_a_limit("Moved the piano after all", "moving", hours=30)
    yield _writes(
        "ifeoma",
        "rosa",
        "kitchen",
        "How many chairs for Saturday? I said forty. Too many?",
        hours=4,
    )


def _asks_to_confirm(
    giver: str, receiver: str, title: str, category: str, minutes: int, *, hours: int
) -> Scene:
    """The giver has said how long it took; the receiver has not answered yet."""

    def scene(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - hours * HOUR
        stage.note_down(
            giver,
            giver,
            receiver,
            category=category,
            title=title,
            minutes=minutes,
            happened_on=stage.today,
        )

    return scene


def _proposes(by: str, asked: str, title: str, category: str, *, hours: int) -> Scene:
    """Somebody proposes an exchange, and the other has not answered yet."""

    def scene(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - hours * HOUR
        stage.propose(
            by,
            asked,
            by,
            category=category,
            title=title,
            terms=Terms(
                agreed_minutes=60,
                place="public",
                planned_on=stage.today + 3 * DAY,
                part_of_day="afternoon",
            ),
        )

    return scene


def _says_no(giver: str, receiver: str, title: str, category: str, *, hours: int) -> Scene:
    """The two remember it differently, and a coordinator is asked."""

    def scene(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - (hours + 20) * HOUR
        exchange = stage.note_down(
            giver,
            giver,
            receiver,
            category=category,
            title=title,
            minutes=180,
            happened_on=stage.today - DAY,
        )
        yield director.ends - hours * HOUR
        exchanges.answer_no(
            stage.session,
            stage.community,
            exchange.id,
            by=stage.members[receiver],
            words="It was kind, but it was two hours with the sandwiches, not three.",
            now=stage.now,
        )

    return scene


def _helped(
    giver: str, receiver: str, title: str, category: str, minutes: int, *, days: int
) -> Scene:
    """Somebody was helped for long, said yes, and now has some hours to give back."""

    def scene(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - days * DAY
        exchange = stage.note_down(
            giver,
            giver,
            receiver,
            category=category,
            title=title,
            minutes=minutes,
            happened_on=stage.today,
        )
        yield director.ends - days * DAY + 5 * HOUR
        exchanges.answer_yes(
            stage.session,
            stage.community,
            exchange.id,
            by=stage.members[receiver],
            now=stage.now,
        )
        stage.tally(exchange, giver, receiver)

    return scene


def _has_more_room(reason: str, *, days: int) -> Scene:
    """A coordinator gives a member more room for some weeks, and says why."""

    def scene(director: "Director", random: Random) -> Story:
        stage = director.stage
        yield director.ends - days * DAY
        by, somebody = stage.coordinator, director.somebody(random, but="")
        if by is None or somebody is None or somebody in director.cast:
            return
        everybody = limits_of(stage.community)
        more = replace(everybody, floor_minutes=-20 * 60, floor_soft_minutes=-12 * 60)
        limits.give_own(
            stage.session,
            stage.community,
            stage.members[somebody],
            more,
            until_on=stage.today + 2 * days * DAY,
            reason=reason,
            by=by,
            now=stage.now,
        )

    return scene


def _gives_to_the_pot(giver: str, minutes: int, *, days: int) -> Scene:
    """Somebody who has given a lot gives some hours away."""

    def scene(director: "Director", _random: Random) -> Story:
        stage = director.stage
        yield director.ends - days * DAY
        if stage.minutes[giver] >= minutes:
            groups.give(
                stage.session,
                stage.community,
                COMMUNITY_POT,
                minutes=minutes,
                words="For somebody who cannot give just now.",
                by=stage.members[giver],
                today=stage.today,
                now=stage.now,
            )
            stage.minutes[giver] -= minutes

    return scene


def _waits_for_a_limit(title: str, category: str, *, hours: int) -> Scene:
    """Two agree, and whoever was helped is nearly at the stop: the hours wait."""

    def scene(director: "Director", random: Random) -> Story:
        stage = director.stage
        yield director.ends - hours * HOUR
        here = [key for key in stage.members if stage.is_here(key) and key not in director.cast]
        receiver = min(here, key=lambda key: stage.minutes[key])
        giver = random.choice([key for key in here if key != receiver])
        left = stage.minutes[receiver] - (stage.community.floor_minutes or 0)
        exchange = stage.note_down(
            giver,
            giver,
            receiver,
            category=category,
            title=title,
            minutes=min(max(left + 60, 60), stage.community.exchange_minutes_max),
            happened_on=stage.today,
        )
        yield director.ends - (hours - 2) * HOUR
        exchanges.answer_yes(
            stage.session,
            stage.community,
            exchange.id,
            by=stage.members[receiver],
            now=stage.now,
        )
        stage.tally(exchange, giver, receiver)

    return scene


def _writes(caller: str, owner: str, category: str, words: str, *, hours: int) -> Scene:
    """Somebody answers an offer, and the answer is not read yet."""

    def scene(director: "Director", _random: Random) -> Story:
        stage = director.stage
        line = next(
            line
            for line in director.people[owner].lines
            if line.category == category and line.kind == "offer"
        )
        begins = max(director.ends - 84 * DAY, director.people[owner].joins_at + 2 * DAY)
        yield begins
        while not stage.members[owner].is_here:
            # Somebody who asked to join a few days ago may still wait to be let in.
            yield stage.now + DAY
        days_ago = (stage.today - director.ends.date()).days
        listing = stage.post(stage.people[owner], line, days=DAYS_LEFT - days_ago)
        yield director.ends - hours * HOUR
        listings.reply(stage.session, listing, stage.members[caller], words, now=stage.now)

    return scene
