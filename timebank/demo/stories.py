"""What happens to the demo's people. A story acts, names the moment of its next act, and waits.

A story that is not over when the visitor looks in stays as it is: somebody waits to be let in, an
hour waits to be confirmed, a message waits to be read. That is where most of today's waiting things
come from; `scenes` adds those that a visitor should find in any case.
"""

import datetime as dt
import math
from collections.abc import Generator
from random import Random
from typing import TYPE_CHECKING

from timebank.demo.casting import Person
from timebank.demo.script import Line
from timebank.exchanges import service as exchanges
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import Terms
from timebank.listings import service as listings
from timebank.listings.models import Listing
from timebank.members import service as members
from timebank.messaging.models import Conversation

if TYPE_CHECKING:
    from timebank.demo.service import Director

Story = Generator[dt.datetime, None, None]
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(weeks=1)
#: Part of the day: the hours at which help begins.
HOURS_OF_PART = {"morning": (9.5, 11.5), "afternoon": (13.0, 16.5), "evening": (18.0, 20.0)}
#: Nobody writes to others at night.
WAKING_HOURS = (8, 22)
OFFER_DAYS = 90
#: Silence confirms at night, every so many days.
NIGHTS_MAX = 4
REQUEST_DAYS = 45
QUERIES = (
    "I think it was one hour, not two. We stopped when the rain came.",
    "That was my sister, not me. We are often mixed up.",
    "We said we would do it, but then it was put off.",
)
SETTLED = (
    "Rang both. One hour it was, and nobody minds.",
    "Talked it over at the Thursday tea. They agree on this.",
)
NOT_THIS_TIME = (
    "Sorry, the whole family has a cold.",
    "I am away that week. Another time with pleasure.",
    "The bus strike got us. We will find another day.",
    "",
)
REFUSED_BECAUSE = (
    "Lives in Leeds. Sent the address of the time bank there.",
    "A firm looking for customers, not a neighbour.",
)


def awake(moment: dt.datetime, random: Random, zone: dt.tzinfo) -> dt.datetime:
    """Put a moment of the night off to the next morning."""
    local = moment.astimezone(zone)
    opens, shuts = WAKING_HOURS
    if opens <= local.hour < shuts:
        return moment
    day = local.date() + (DAY if local.hour >= shuts else dt.timedelta())
    morning = dt.datetime.combine(day, dt.time(opens), zone)
    return (morning + dt.timedelta(minutes=random.randint(0, 150))).astimezone(dt.UTC)


# ------------------------------------------------------------------------------- people


def belonging(director: "Director", random: Random, person: Person) -> Story:
    """Somebody comes, is let in, puts up what they offer and ask for, and perhaps goes."""
    stage = director.stage
    yield person.joins_at
    member = stage.arrive(person)
    if person.key in director.cast:
        stage.settle_in(person)
    if member.state == "waiting":
        if person.fate == "waits":
            return
        yield awake(stage.now + HOUR * random.uniform(2, 60), random, stage.zone)
        stage.decide(person, random.choice(REFUSED_BECAUSE))
    if not member.is_here:
        return
    for role in person.roles:
        members.give_role(stage.session, member, role, by=stage.coordinator, now=stage.now)
    for line in stage.lines_to_post(person):
        director.begin(posting, person, line)
    if person.leaves_at is not None:
        yield max(person.leaves_at, stage.now + HOUR)
        stage.go(person)


def posting(director: "Director", random: Random, person: Person, line: Line) -> Story:
    """Somebody puts up an offer or a request, renews it, and closes it when it is seen to."""
    stage = director.stage
    is_offer = line.kind == "offer"
    lately = dt.timedelta(days=80 if is_offer else 38)
    first = stage.now + HOUR
    if random.random() < 0.55 or person.key in director.cast:  # noqa: PLR2004 - somewhat more than half
        first = max(first, director.ends - lately)
    last = max(first, min(person.leaves_at or director.ends, director.ends) - DAY)
    yield awake(first + (last - first) * random.random() ** 0.8, random, stage.zone)
    if not stage.is_here(person.key):
        return
    days = OFFER_DAYS if is_offer else REQUEST_DAYS
    listing = stage.post(person, line, days=days)
    if not is_offer and stage.now < director.ends - lately and random.random() < 0.8:  # noqa: PLR2004 - most are
        director.begin(closing, person, listing)
    for _reply in range(_how_many(1.3 if is_offer else 2.4, random)):
        director.begin(replying, person, line, listing)
    while is_offer and random.random() < 0.85:  # noqa: PLR2004 - most are kept up
        yield stage.now + dt.timedelta(days=random.uniform(days - 6, days - 1))
        if not stage.is_here(person.key) or listing.state != "open":
            return
        listings.renew(stage.community, listing, by=stage.members[person.key], now=stage.now)


def closing(director: "Director", random: Random, person: Person, listing: Listing) -> Story:
    """A request is seen to and taken down."""
    yield director.stage.now + DAY * random.uniform(4, 30)
    if director.stage.is_here(person.key):
        listings.close(listing, by=director.stage.members[person.key], now=director.stage.now)


def _how_many(mean: float, random: Random) -> int:
    """Draw a number of rare things that happen `mean` times on average."""
    limit, number, product = math.exp(-mean), 0, random.random()
    while product > limit:
        number += 1
        product *= random.random()
    return number


def replying(
    director: "Director", random: Random, owner: Person, line: Line, listing: Listing
) -> Story:
    """Somebody answers a listing; the two talk, and mostly agree on something."""
    stage = director.stage
    days = random.expovariate(1 / 9 if line.kind == "offer" else 1 / 3)
    yield awake(stage.now + DAY * days, random, stage.zone)
    caller = director.somebody(random, but=owner.key)
    is_up = listing.state == "open" and stage.is_here(owner.key)
    if caller is None or not is_up or (listing.ends_on or stage.today) < stage.today:
        return
    turns = random.choice(stage.script.talks).turns
    speakers = {"owner": stage.members[owner.key], "caller": stage.members[caller]}
    conversation = listings.reply(
        stage.session, listing, speakers["caller"], turns[0][1], now=stage.now
    )
    for speaker, words in turns[1:]:
        yield awake(stage.now + HOUR * random.expovariate(1 / 7), random, stage.zone)
        if not (stage.is_here(owner.key) and stage.is_here(caller)):
            return
        stage.write(conversation, speakers[speaker], words)
    yield awake(stage.now + HOUR * random.expovariate(1 / 9), random, stage.zone)
    stage.read_talk(conversation, owner.key, caller)
    giver, receiver = (owner.key, caller) if line.kind == "offer" else (caller, owner.key)
    if random.random() < 0.75 and director.can_spend(receiver, line.minutes):  # noqa: PLR2004 - most talks
        yield from arranged(
            director, random, giver, receiver, line, listing=listing, conversation=conversation
        )


# ---------------------------------------------------------------------------- exchanges


def arranged(
    director: "Director",
    random: Random,
    giver: str,
    receiver: str,
    line: Line,
    *,
    listing: Listing | None = None,
    conversation: Conversation | None = None,
    basis: str = "hours",
) -> Story:
    """Two people arrange help: propose, agree, meet, say how long it took, confirm."""
    with director.stage.binding(receiver, line.minutes):
        yield from _arranged(
            director,
            random,
            giver,
            receiver,
            line,
            listing=listing,
            conversation=conversation,
            basis=basis,
        )


def _arranged(
    director: "Director",
    random: Random,
    giver: str,
    receiver: str,
    line: Line,
    *,
    listing: Listing | None,
    conversation: Conversation | None,
    basis: str,
) -> Story:
    stage = director.stage
    if not (stage.is_here(giver) and stage.is_here(receiver)):
        return
    asker, asked = (receiver, giver) if random.random() < 0.6 else (giver, receiver)  # noqa: PLR2004 - who asks
    part = random.choice(tuple(HOURS_OF_PART))
    planned_on = stage.today + dt.timedelta(days=random.randint(2, 9))
    terms = Terms(
        agreed_minutes=line.minutes, place=line.place, planned_on=planned_on, part_of_day=part
    )
    exchange = stage.propose(
        asker,
        giver,
        receiver,
        category=line.category,
        title=line.title,
        terms=terms,
        listing=listing,
        conversation=conversation,
        basis=basis,
    )
    yield awake(stage.now + HOUR * random.uniform(1, 30), random, stage.zone)
    fate = random.random()
    both = stage.is_here(giver) and stage.is_here(receiver)
    if fate < 0.03 or not both:  # noqa: PLR2004 - now and then it does not suit
        exchanges.decline(
            stage.session,
            stage.community,
            exchange.id,
            by=stage.members[asked],
            words=random.choice(NOT_THIS_TIME),
            now=stage.now,
        )
        return
    exchanges.agree(
        stage.session, stage.community, exchange.id, by=stage.members[asked], now=stage.now
    )
    begins = stage.at(planned_on, random.uniform(*HOURS_OF_PART[part]))
    if fate > 0.965 or not both:  # noqa: PLR2004 - now and then somebody is ill
        yield max(stage.now + HOUR, begins - DAY * random.random())
        exchanges.cancel(
            stage.session,
            stage.community,
            exchange.id,
            by=stage.members[random.choice((asker, asked))],
            words=random.choice(NOT_THIS_TIME),
            now=stage.now,
        )
        return
    minutes = _about(line.minutes, random)
    ends = max(begins + dt.timedelta(minutes=minutes), stage.now)
    yield awake(ends + HOUR * random.expovariate(1 / 6), random, stage.zone)
    reporter, other = (giver, receiver) if random.random() < 0.7 else (receiver, giver)  # noqa: PLR2004 - mostly the giver
    exchanges.report(
        stage.session,
        stage.community,
        exchange.id,
        by=stage.members[reporter],
        worked_minutes=minutes,
        happened_on=min(planned_on, stage.today),
        now=stage.now,
    )
    yield from answered(director, random, exchange, reporter, other)


def informal(
    director: "Director",
    random: Random,
    giver: str,
    receiver: str,
    line: Line,
    begins: dt.datetime,
    *,
    basis: str = "hours",
) -> Story:
    """Two people help each other first and say so afterwards."""
    with director.stage.binding(receiver, line.minutes):
        yield from _informal(director, random, giver, receiver, line, begins, basis=basis)


def _informal(
    director: "Director",
    random: Random,
    giver: str,
    receiver: str,
    line: Line,
    begins: dt.datetime,
    *,
    basis: str,
) -> Story:
    stage = director.stage
    minutes = _about(line.minutes, random)
    happened_on = begins.astimezone(stage.zone).date()
    yield awake(
        begins + dt.timedelta(minutes=minutes) + HOUR * random.expovariate(1 / 9),
        random,
        stage.zone,
    )
    if not (stage.is_here(giver) and stage.is_here(receiver)):
        return
    reporter, other = (giver, receiver) if random.random() < 0.65 else (receiver, giver)  # noqa: PLR2004 - mostly the giver
    exchange = stage.note_down(
        reporter,
        giver,
        receiver,
        category=line.category,
        title=line.title,
        minutes=minutes,
        happened_on=happened_on,
        basis=basis,
    )
    yield from answered(director, random, exchange, reporter, other)


def _about(minutes: int, random: Random) -> int:
    steps = random.choices((-1, 0, 1, 2), (0.15, 0.6, 0.18, 0.07))[0]
    return max(15, minutes + 15 * steps)


def answered(
    director: "Director", random: Random, exchange: Exchange, reporter: str, other: str
) -> Story:
    """The other side answers: yes, yes but, no, or not at all."""
    stage = director.stage
    by, reported_by = stage.members[other], stage.members[reporter]
    fate = random.random()
    if fate < 0.07:  # noqa: PLR2004 - some never answer
        yield from _left_to_silence(director, exchange, other)
        return
    yield awake(stage.now + HOUR * random.expovariate(1 / 20), random, stage.zone)
    if exchange.state != "done":
        return
    if fate < 0.09 and (exchange.worked_minutes or 0) > 30:  # noqa: PLR2004 - some remember it differently
        exchanges.answer_change(
            stage.session,
            stage.community,
            exchange.id,
            by=by,
            worked_minutes=(exchange.worked_minutes or 0) - 15,
            words=random.choice(QUERIES[:1]),
            now=stage.now,
        )
        by, other, reporter = reported_by, reporter, other
        yield awake(stage.now + HOUR * random.expovariate(1 / 10), random, stage.zone)
    elif fate < 0.098:  # noqa: PLR2004 - and a few say no
        yield from _queried(director, exchange, other, random)
        return
    exchanges.answer_yes(stage.session, stage.community, exchange.id, by=by, now=stage.now)
    giver, receiver = stage.keys_of(exchange)
    stage.tally(exchange, giver, receiver)
    if exchange.state == "confirmed" and random.random() < 0.16:  # noqa: PLR2004 - one in six
        yield awake(stage.now + HOUR * random.expovariate(1 / 12), random, stage.zone)
        exchanges.thank(
            stage.session,
            stage.community,
            exchange.id,
            by=stage.members[receiver if random.random() < 0.85 else giver],  # noqa: PLR2004 - mostly who was helped
            words=random.choice(stage.script.thanks),
            now=stage.now,
        )


def _left_to_silence(director: "Director", exchange: Exchange, other: str) -> Story:
    """Nobody answers until silence confirms; what silence may not confirm is answered late."""
    stage = director.stage
    yield stage.now + (stage.community.confirm_days + NIGHTS_MAX) * DAY
    if exchange.state == "done" and exchange.awaiting_id == stage.members[other].id:
        by = stage.members[other]
        exchanges.answer_yes(stage.session, stage.community, exchange.id, by=by, now=stage.now)
    if exchange.state == "confirmed":
        director.stage.tally(exchange, *director.stage.keys_of(exchange))


def _queried(director: "Director", exchange: Exchange, other: str, random: Random) -> Story:
    stage = director.stage
    exchanges.answer_no(
        stage.session,
        stage.community,
        exchange.id,
        by=stage.members[other],
        words=random.choice(QUERIES),
        now=stage.now,
    )
    yield awake(stage.now + DAY * random.uniform(1, 6), random, stage.zone)
    giver, receiver = stage.keys_of(exchange)
    deciders = [
        member
        for key, member in stage.members.items()
        if key not in {giver, receiver} and "coordinator" in stage.people[key].roles
    ]
    if not deciders or exchange.state != "queried":
        return
    exchanges.settle(
        stage.session,
        stage.community,
        exchange.id,
        by=deciders[0],
        worked_minutes=random.choice((0, 30, 60)),
        reason=random.choice(SETTLED),
        now=stage.now,
    )
    if exchange.state == "confirmed":
        stage.tally(exchange, giver, receiver)
