"""What the groups of the demo do: two years of sessions, held, counted and closed."""

import tomllib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from timebank.demo.agenda import agenda
from timebank.demo.gatherings import Gathered
from timebank.demo.holding import LEAD, MINUTE, open_door
from timebank.demo.script import FOLDER
from timebank.demo.stories import DAY, WEEK, Story
from timebank.groups import queries as groups
from timebank.groups.models import Group
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.errors import CountedElsewhereError
from timebank.sessions.models import GroupSession, Series, SessionClosing
from timebank.sessions.queries import Held
from timebank.sessions.service import Came, Repeat, RoleDetails, SessionDetails
from timebank.sessions.service.closing import legs_of_entry

if TYPE_CHECKING:
    from timebank.demo.service import Director

Meeting = Callable[["Director", Random], Story]
#: The series of a group is planned some days after the group began.
SETTLING = 3 * DAY
#: Somebody with a name pays or is paid by a rule; they keep this much.
KEPT_MINUTES = 60


@dataclass(slots=True)
class Run:
    """A series while its dates pass.

    Attributes:
        facts: What the file says of it.
        group: Whose it is.
        people: Keys of those who are in the group by now.
        held: How often each has held it.
    """

    facts: dict[str, Any]
    group: Group
    people: list[str]
    held: Counter[str] = field(default_factory=Counter)


def meetings(slug: str, gathered: Gathered) -> Iterator[Meeting]:
    """Return the stories of what a community's groups do."""
    facts = tomllib.loads((FOLDER / "sessions.toml").read_text("utf-8"))
    for series in facts[slug]:
        yield _series(series, gathered)
    yield from agenda(slug, gathered)


def _series(facts: dict[str, Any], gathered: Gathered) -> Meeting:
    def story(director: "Director", random: Random) -> Story:
        stage = director.stage
        yield director.begins + DAY
        while facts["group"] not in gathered.groups:
            yield stage.now + DAY
        yield stage.now + SETTLING
        run = Run(facts, gathered.groups[facts["group"]], gathered.people[facts["group"]])
        series = _plan(director, run)
        gathered.series.setdefault(facts["group"], []).append(series)
        for planned in _dates(director, series):
            yield planned.ends_at + random.randint(4, 20) * MINUTE
            if not planned.is_off:
                _hold(director, random, run, planned)

    return story


def _plan(director: "Director", run: Run) -> Series:
    """Plan the series, with all its dates up to half a year after today."""
    stage, facts = director.stage, run.facts
    hour, minute = facts["begins"].split(":")
    lead = groups.leads(stage.session, run.group)[0]
    series = service.plan_series(
        stage.session,
        stage.community,
        run.group,
        SessionDetails(
            title=facts["title"],
            words=facts["words"],
            venue_id=run.group.venue_id if "setting" not in facts else None,
            setting=facts.get("setting", "community"),
            sign_up="sign-up" if "sign_up" in facts else "drop-in",
            capacity=facts.get("sign_up"),
            is_public=facts["public"],
        ),
        Repeat(
            rrule=facts["rrule"],
            starts_on=stage.today,
            starts_minute=int(hour) * 60 + int(minute),
            length_minutes=facts["minutes"],
        ),
        by=lead,
        who=LEAD,
        now=stage.now,
    )
    for name, needed in facts["roles"]:
        service.add_role(
            stage.session, run.group, series, RoleDetails(name=name, needed=needed), who=LEAD
        )
    ahead = director.ends.astimezone(stage.zone).date() + 26 * WEEK
    service.make_ahead(stage.session, stage.community, series, now=stage.now, until_on=ahead)
    return series


def _dates(director: "Director", series: Series) -> list[GroupSession]:
    stage = director.stage
    found = queries.sessions_between(
        stage.session,
        stage.community.id,
        group_id=series.group_id,
        begin=stage.now,
        end=director.ends,
    )
    return [each for each in found if each.series_id == series.id]


def _hold(director: "Director", random: Random, run: Run, planned: GroupSession) -> None:
    """Hold a session: somebody opens, people come, and it is closed soon after its end."""
    stage, facts = director.stage, run.facts
    hosts = hosts_of(director, random, run)
    if not hosts:
        return
    known = _known(director, random, run, hosts)
    held = open_door(director, planned, hosts, known, now=planned.starts_at - 20 * MINUTE)
    come = max(random.randint(*facts["come"]), len(hosts) + len(known))
    came = Came(
        contacts=come,
        first_timers=min(come - len(hosts), random.randint(*facts["first"])),
        topics=random.sample(facts["topics"], k=min(2, len(facts["topics"]))),
    )
    try:
        closing = _close(director, held, came, by=hosts[0])
    except CountedElsewhereError:
        # Dates of groups overlap. Who was at another one is noted for the rest, as people do it.
        draft = queries.draft(stage.session, held)
        service.write_what_is_left(
            stage.session, held, draft, ended_at=None, who=LEAD, now=stage.now
        )
        closing = _close(director, held, came, by=hosts[0])
    if closing.entry_id is not None:
        _remember(director, closing.entry_id)


def _close(director: "Director", held: Held, came: Came, *, by: Member) -> SessionClosing:
    stage = director.stage
    return service.close_session(
        stage.session, stage.community, held, came, by=by, who=LEAD, now=stage.now
    )


def hosts_of(director: "Director", random: Random, run: Run) -> list[Member]:
    """Return who holds it: those whose turn it is, from a handful who have time."""
    stage, facts = director.stage, run.facts
    paid = [key for key in facts.get("paid", ()) if stage.is_here(key)]
    here = [key for key in run.people if stage.is_here(key) and key not in paid]
    have_time = random.sample(here, k=min(len(here), 3 * facts["hosts"] + 2))
    turns = sorted(have_time, key=lambda key: run.held[key])[: facts["hosts"]]
    run.held.update(turns)
    return [stage.members[key] for key in (*paid, *turns)]


def _known(director: "Director", random: Random, run: Run, hosts: list[Member]) -> list[Member]:
    """Return who of the group comes along; where taking part costs hours, who can spare them."""
    stage = director.stage
    busy = {member.id for member in hosts}
    here = [
        stage.members[key]
        for key in run.people
        if stage.is_here(key)
        and stage.members[key].id not in busy
        and director.can_spend(key, run.facts["minutes"] + KEPT_MINUTES)
    ]
    return random.sample(here, k=min(len(here), random.randint(*run.facts["known"])))


def _remember(director: "Director", entry_id: uuid.UUID) -> None:
    """Remember whose hours moved, so that they are spent, and nobody goes too low."""
    stage = director.stage
    for payer, payee, minutes in legs_of_entry(stage.session, stage.community, entry_id):
        for code, moved in ((payer, -minutes), (payee, minutes)):
            key = stage.codes.get(code)
            if key is not None:
                stage.minutes[key] += moved
