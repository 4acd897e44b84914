"""The groups of the demo: how they begin, who comes in, what goes into their pots and out."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from timebank.demo.script import FOLDER, read_slots
from timebank.demo.stories import DAY, Story, awake
from timebank.groups import queries
from timebank.groups import service as groups
from timebank.groups.models import Group
from timebank.groups.policy.crediting import Terms
from timebank.groups.policy.standing import Standing
from timebank.groups.service import Agreement, GroupDetails, VenueDetails
from timebank.sessions.models import Series

if TYPE_CHECKING:
    from timebank.demo.service import Director

Gathering = Callable[["Director", Random], Story]
#: What people give to a pot at once.
GIFT_MINUTES = (15, 30, 30, 45, 60, 60, 90)
GIFT_WORDS = ("", "", "For the tea.", "Thank you for Saturday.", "From our street party.")
GRANT_WORDS = ("Out of hospital last week.", "New here, and no hours yet.", "A hard month.")
#: A pot keeps this much when it gives something away.
KEPT_MINUTES = 60
#: How often somebody is looked for who is not in a group yet.
TRIES = 12


@dataclass(slots=True)
class Gathered:
    """The groups of a community so far, and who is in them, by their keys in the file."""

    groups: dict[str, Group] = field(default_factory=dict)
    people: dict[str, list[str]] = field(default_factory=dict)
    series: dict[str, list[Series]] = field(default_factory=dict)


def gatherings(slug: str, gathered: Gathered) -> Iterator[Gathering]:
    """Return the stories of a community's groups: each group, then each connection."""
    facts = tomllib.loads((FOLDER / "groups.toml").read_text("utf-8"))
    for group in facts[slug]:
        yield _group(group, gathered)
    for tie in facts["ties"]:
        if tie["community"] == slug:
            yield _tie(tie, gathered)


def _group(facts: dict[str, Any], gathered: Gathered) -> Gathering:
    def story(director: "Director", random: Random) -> Story:
        stage = director.stage
        begins = max(director.begins + 20 * DAY, director.ends - facts["days_ago"] * DAY)
        yield awake(begins, random, stage.zone)
        while not stage.is_here(facts["lead"]):
            yield stage.now + 5 * DAY
        lead = stage.members[facts["lead"]]
        group = _start(director, facts)
        gathered.groups[facts["key"]] = group
        people = gathered.people[facts["key"]] = [facts["lead"]]
        who = Standing(part="lead", state="active", is_member=True)
        if facts["rules"]:
            groups.write_rules(
                stage.session, group, facts["rules"].strip(), by=lead, who=who, now=stage.now
            )
        if facts["kind"] != "unpaid":
            _write_rule(director, group, facts, who)
        _begin_its_people(director, group, facts, people)
        while director.ends - stage.now > 30 * DAY:
            yield awake(stage.now + 25 * DAY, random, stage.zone)
        groups.mark_checked(
            stage.session, group, by=lead, who=who, today=stage.today, now=stage.now
        )

    return story


def _begin_its_people(
    director: "Director", group: Group, facts: dict[str, Any], people: list[str]
) -> None:
    """Let people come in by and by; `people` then has their keys."""
    for key in facts["hosts"]:
        director.begin(_host, group, facts, key, people)
    for number in range(facts["people"] - 1 - len(facts["hosts"])):
        director.begin(_member, group, number / facts["people"], people)
    for _gift in range(facts["gifts"]):
        director.begin(_gift_and_grant, group, facts["lead"])


def _start(director: "Director", facts: dict[str, Any]) -> Group:
    stage = director.stage
    venue = groups.add_venue(
        stage.session,
        stage.community,
        VenueDetails(name=facts["where"], area=facts["area"]),
        now=stage.now,
    )
    details = GroupDetails(
        name=facts["name"],
        when_words=facts["when"],
        venue_id=venue.id,
        words=facts["words"].strip(),
        area=facts["area"],
        supports=facts["supports"],
        slots=frozenset(read_slots(facts["slots"])),
        transitions=facts["transitions"],
        sector=facts["sector"] or None,
        is_public=facts["public"],
        joining=facts.get("joining", "open"),
        needs_staff=facts.get("staff", False),
        mailbox=f"{facts['key']}@{stage.script.email_domain}",
    )
    lead = stage.members[facts["lead"]]
    group = groups.start_group(stage.session, stage.community, details, by=lead, now=stage.now)
    if facts.get("lead_is_paid"):
        groups.give_part(
            stage.session,
            group,
            lead,
            "lead",
            is_paid=True,
            by=lead,
            who=Standing(part="lead", state="active", is_member=True),
            now=stage.now,
        )
    return group


def _write_rule(director: "Director", group: Group, facts: dict[str, Any], who: Standing) -> None:
    stage = director.stage
    terms = Terms(
        kind=facts["kind"],
        activity=facts["activity"],
        pot_minutes=facts["pot_minutes"],
        is_shared_evenly=facts["kind"] == "participants",
    )
    groups.write_crediting_rule(
        stage.session,
        group,
        terms,
        applies_from_on=stage.today,
        by=stage.members[facts["lead"]],
        who=who,
        today=stage.today,
        now=stage.now,
    )


def _host(
    director: "Director",
    random: Random,
    group: Group,
    facts: dict[str, Any],
    key: str,
    people: list[str],
) -> Story:
    """Somebody comes in, and before long holds the sessions."""
    stage = director.stage
    yield awake(stage.now + random.uniform(1, 9) * DAY, random, stage.zone)
    while not stage.is_here(key):
        yield stage.now + 5 * DAY
    if queries.link(stage.session, group, stage.members[key].id) is None:
        _come_in(director, group, key)
        people.append(key)
    lead = stage.members[facts["lead"]]
    groups.give_part(
        stage.session,
        group,
        stage.members[key],
        "host",
        is_paid=False,
        by=lead,
        who=Standing(part="lead", state="active", is_member=True),
        now=stage.now,
    )


def _member(
    director: "Director", random: Random, group: Group, place: float, people: list[str]
) -> Story:
    """Somebody comes in some time between the beginning and today."""
    stage = director.stage
    yield awake(stage.now + (director.ends - stage.now) * place, random, stage.zone)
    for _try in range(TRIES):
        key = director.somebody(random, but="")
        if key is None or key in people:
            continue
        if queries.link(stage.session, group, stage.members[key].id) is None:
            _come_in(director, group, key)
            people.append(key)
            return


def _come_in(director: "Director", group: Group, key: str) -> None:
    stage = director.stage
    member = stage.members[key]
    groups.join(stage.session, group, member, today=stage.today, now=stage.now)
    if group.joining == "ask":
        groups.answer_request(
            stage.session,
            group,
            member,
            yes=True,
            by=queries.leads(stage.session, group)[0],
            who=Standing(part="lead", state="active", is_member=True),
            now=stage.now,
        )
    if group.rules_version:
        groups.acknowledge(
            stage.session, group, member, version=group.rules_version, by=member, now=stage.now
        )


def _gift_and_grant(director: "Director", random: Random, group: Group, lead_key: str) -> Story:
    """Somebody gives to the pot; now and then it helps somebody."""
    stage = director.stage
    yield awake(stage.now + (director.ends - stage.now) * random.random(), random, stage.zone)
    key = director.somebody(random, but=lead_key)
    minutes = random.choice(GIFT_MINUTES)
    if key is None or stage.minutes[key] - stage.bound[key] < minutes + KEPT_MINUTES:
        return
    groups.give(
        stage.session,
        stage.community,
        group.account_code,
        minutes=minutes,
        words=random.choice(GIFT_WORDS),
        by=stage.members[key],
        today=stage.today,
        now=stage.now,
    )
    stage.minutes[key] -= minutes
    if random.random() < 0.6:  # noqa: PLR2004 - the rest is for later
        return
    yield awake(stage.now + random.uniform(2, 20) * DAY, random, stage.zone)
    helped = director.somebody(random, but=lead_key)
    holds = queries.pot_minutes(stage.session, group)
    if helped is None or holds < minutes + KEPT_MINUTES:
        return
    groups.ask_pot(
        stage.session,
        stage.community,
        group.account_code,
        "grant",
        member=stage.members[helped],
        minutes=minutes,
        words=random.choice(GRANT_WORDS),
        by=stage.members[lead_key],
        who=Standing(part="lead", state="active", is_member=True),
        today=stage.today,
        now=stage.now,
    )
    stage.minutes[helped] += minutes


def _tie(facts: dict[str, Any], gathered: Gathered) -> Gathering:
    """Two groups get to know each other, and their pots help each other out."""

    def story(director: "Director", random: Random) -> Story:
        stage = director.stage
        keys = facts["between"]
        while not all(key in gathered.groups for key in keys):
            yield stage.now + 10 * DAY if stage.now > director.begins else director.begins + DAY
        yield awake(stage.now + 15 * DAY, random, stage.zone)
        asking, asked = (gathered.groups[key] for key in keys)
        lead = Standing(part="lead", state="active", is_member=True)
        agreement = Agreement(
            own_parts=facts["parts"][0],
            other_parts=facts["parts"][1],
            mutual_minutes=facts["mutual_minutes"],
            words=facts["words"],
        )
        by = queries.leads(stage.session, asking)[0]
        groups.connect(stage.session, asking, asked, agreement, by=by, who=lead, now=stage.now)
        yield awake(stage.now + 2 * DAY, random, stage.zone)
        other = queries.leads(stage.session, asked)[0]
        groups.answer_tie(stage.session, asked, asking, yes=True, by=other, who=lead, now=stage.now)
        for minutes in facts["transfers"]:
            yield awake(director.ends - random.uniform(20, 200) * DAY, random, stage.zone)
            if queries.pot_minutes(stage.session, asking) < minutes + KEPT_MINUTES:
                continue
            groups.ask_transfer(
                stage.session,
                stage.community,
                asking.account_code,
                asked.account_code,
                minutes=minutes,
                words=facts["words"],
                by=by,
                who=lead,
                today=stage.today,
                now=stage.now,
            )

    return story
