"""Who came is brought in, held, closed and posted: once, however often the table comes.

The table of eighteen women and fourteen occasions is that of Davis, Gardner and Gardner, 1941, as
networkx has it.
"""

import csv
import datetime as dt
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import networkx as nx
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from ledger.audit.check import audit
from ledger.books import export
from tests.factories import NOW, at, make_member
from tests.pages.page import Walk
from tests.timebank.groups.scene import TODAY, Scene, make_scene
from tests.timebank.sessions.scene import Scene as Planned
from timebank.cli import cli
from timebank.clock import utc_now
from timebank.groups import queries as groups
from timebank.groups import service as group_service
from timebank.groups.policy.crediting import Terms
from timebank.groups.policy.standing import standing
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.models import GroupSession
from timebank.sessions.policy import figures

FIRST = dt.date(2025, 1, 5)
#: Fourteen occasions fill a year.
BETWEEN = dt.timedelta(days=26)
CONTACTS = 89
MINUTES = 120
DAY = dt.timedelta(days=1)


@pytest.fixture
def scene(session: Session) -> Scene:
    """Let the group have had a rule before the year: everybody gets hours, the pot a share."""
    scene = make_scene(session, slug="natchez", time_zone="Europe/London")
    long_ago = FIRST - 30 * DAY
    group_service.write_crediting_rule(
        session,
        scene.group,
        Terms(kind="activity", pot_minutes=15, credits_participants=True),
        applies_from_on=long_ago,
        by=scene.lena,
        who=scene.lead,
        today=long_ago,
        now=NOW,
    )
    session.commit()
    return scene


@pytest.fixture
def bring(app: Flask, tmp_path: Path) -> Callable[..., Result]:
    """Run the command on a table."""

    def bring(text: str, *options: str, group: str = "badminton") -> Result:
        file = tmp_path / "attendance.csv"
        file.write_text(text, "utf-8")
        words = ["import", "attendance", str(file), "--group", group, *options]
        return app.test_cli_runner().invoke(cli, words)

    return bring


def davis() -> tuple[nx.Graph, list[str], list[str]]:
    graph = nx.davis_southern_women_graph()
    women = sorted(node for node, each in graph.nodes(data=True) if each["bipartite"] == 0)
    events = sorted((node for node in graph if node not in women), key=lambda name: int(name[1:]))
    return graph, women, events


def day_of(number: int) -> str:
    return (FIRST + number * BETWEEN).isoformat()


def sheet(rows: Iterator[list[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue()


def across() -> str:
    """Write the table with a row for each woman; the first of each occasion hosted it."""
    graph, women, events = davis()

    def rows() -> Iterator[list[str]]:
        yield ["Name", *(day_of(number) for number in range(len(events)))]
        for woman in women:
            yield [woman, *(_mark(graph, woman, event) for event in events)]

    return sheet(rows())


def _mark(graph: nx.Graph, woman: str, event: str) -> str:
    if not graph.has_edge(woman, event):
        return ""
    return "h" if woman == min(graph[event]) else "x"


def down() -> str:
    """Write the same table with a row for each time somebody came."""
    graph, women, events = davis()

    def rows() -> Iterator[list[str]]:
        yield ["Date", "Name", "Role"]
        for number, event in enumerate(events):
            for woman in women:
                mark = _mark(graph, woman, event)
                if mark:
                    yield [day_of(number), woman, "host" if mark == "h" else ""]

    return sheet(rows())


def held(session: Session) -> int:
    session.rollback()
    return (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(GroupSession)
            .where(GroupSession.state == "closed")
        )
        or 0
    )


def year(session: Session, scene: Scene) -> figures.Figures:
    session.rollback()
    time = queries.Time(FIRST, FIRST + 370 * DAY)
    return figures.summed(queries.came(session, scene.community.id, time, group=scene.group))


def test_a_year_of_eighteen_women_is_held_closed_and_posted_once(
    session: Session, scene: Scene, bring: Callable[..., Result], engine: Engine, tmp_path: Path
) -> None:
    preview = bring(across(), "--dry-run")
    assert preview.exit_code == 0, preview.output
    assert "14 held and closed" in preview.output
    assert "dry run" in preview.output
    assert held(session) == 0

    result = bring(across())
    assert result.exit_code == 0, result.output
    assert "89 contacts, 18 people by name, 18 of them new members" in result.output
    assert "Posted: 178 h 00 min to members, 7 h 00 min into pots." in result.output
    _check_year(session, scene)

    again = bring(across())
    assert again.exit_code == 0, again.output
    assert "0 held and closed, 14 known from before" in again.output
    assert "0 of them new members" in again.output
    _check_year(session, scene)

    books = tmp_path / "books"
    with engine.connect() as connection:
        export(connection, scene.community.id, books)
    assert audit(books).findings == ()


def _check_year(session: Session, scene: Scene) -> None:
    found = year(session, scene)
    assert (found.sessions, found.contacts, found.by_name) == (14, CONTACTS, CONTACTS)
    assert found.credited_minutes == CONTACTS * MINUTES
    assert found.hosted_minutes == 14 * MINUTES
    assert found.into_pots_minutes == 14 * 30 == scene.pot()
    pots = groups.pots(session, scene.community.id, [scene.group.account_code])
    assert pots.created == {"activity-drop-in": CONTACTS * MINUTES + 14 * 30}
    people = queries.people_by_month(session, scene.community.id, 2025, group=scene.group)
    assert people[queries.ALL_YEAR] == 18


def test_who_meets_whom_is_the_projection_that_networkx_makes(
    session: Session, scene: Scene, bring: Callable[..., Result], walk: Walk
) -> None:
    bring(across())
    graph, women, _events = davis()
    projected = nx.bipartite.weighted_projected_graph(graph, women)
    expected = {
        frozenset((one, other)): facts["weight"] for one, other, facts in projected.edges(data=True)
    }
    session.rollback()
    met = queries.met(
        session,
        scene.community.id,
        queries.Time(FIRST, FIRST + 370 * DAY),
        group=scene.group,
    )
    names = {
        member.id: f"{member.first_name} {member.last_name}"
        for member in session.scalars(sa.select(Member))
    }
    found = {frozenset((names[one], names[other])): times for (one, other), times in met.items()}
    assert found == expected
    assert len(found) == 139
    page = walk(scene.lena).get(at(scene.community, "/groups/badminton/figures/met?year=2025"))
    assert len(page.soup.select("svg path.met-thread")) == len(page.all("tbody tr")) == 139
    assert len(page.soup.select("svg.chart-met circle")) == 18
    drawn = sorted(int(cells.split()[-1]) for cells in page.all("tbody tr"))
    assert drawn == sorted(expected.values())


def test_both_ways_to_keep_the_table_come_to_the_same(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    result = bring(down())
    assert result.exit_code == 0, result.output
    _check_year(session, scene)
    assert "14 known from before" in bring(across()).output
    _check_year(session, scene)


def test_people_are_found_by_number_and_by_name(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    make_member(session, scene.community, first_name="Mia", last_name="Berg")
    session.commit()
    result = bring(
        "Number,Name,2026-03-01\n"
        f",Hugo,x\n{scene.otto.account_code},,x\n,Mia Berg,x\n,Mia Holm,x\nM000999,Nobody,x\n"
    )
    assert result.exit_code == 1, result.output
    assert "Nobody here has the number M000999." in result.output
    assert "4 contacts, 4 people by name, 1 of them new members" in result.output
    mixed = bring("Name,2026-03-08\nMia,x\nHugo,x\n")
    assert mixed.exit_code == 1
    assert "'Mia' could be " in mixed.output
    assert "1 contacts, 1 people by name, 0 of them new members" in mixed.output


def test_those_without_a_name_are_counted(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    result = bring("Name,2025-03-01\nHugo,h\nOthers,110\n", "--minutes", "360", "--starts", "20:00")
    assert "111 contacts, 1 people by name" in result.output
    found = year(session, scene)
    assert (found.contacts, found.by_name, found.without_name) == (111, 1, 110)
    assert scene.balance(scene.hugo) == 360
    night = session.scalars(sa.select(GroupSession)).one()
    assert (night.starts_at.hour, night.minutes) == (20, 360)


def test_a_session_that_was_planned_is_the_one_that_was_held(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    planned = Planned(scene)
    sunday = planned.plan_one(TODAY + 6 * DAY)
    monday = planned.plan_one(TODAY + 7 * DAY)
    planned.plan_one(TODAY + 8 * DAY)
    planned.plan_one(TODAY + 8 * DAY, starts_minute=20 * 60)
    monday.state = "cancelled"
    session.commit()
    text = "Name,2026-05-10,2026-05-11,2026-05-12,2026-05-12 20:00\nHugo,x,x,x,x\n"
    result = bring(text)
    assert result.exit_code == 1
    assert "The session of 2026-05-11 was not entered: what was planned" in result.output
    assert "The session of 2026-05-12 was not entered: the group has several" in result.output
    assert "2 held and closed" in result.output
    session.refresh(sunday)
    assert sunday.state == "closed"


def test_a_session_that_is_not_over_is_left_to_its_door(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    planned = Planned(scene)
    there = planned.plan_one(TODAY + 6 * DAY)
    there.state, there.opened_at, there.opened_by_id = "open", NOW, scene.lena.id
    session.commit()
    result = bring("Name,2026-05-10\nHugo,x\n")
    assert "not entered: its door is open; close it there" in result.output
    today = utc_now().date().isoformat()
    result = bring(f"Name,{today} 23:59\nHugo,x\n")
    assert "not entered: it is not over yet" in result.output
    assert held(session) == 0


def test_before_a_group_had_a_rule_nothing_moves(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    result = bring("Name,2024-03-01\nHugo,h\n")
    assert "1 of them were before the group had a rule" in result.output
    assert scene.balance(scene.hugo) == 0


def test_whoever_stayed_away_that_day_is_left_out(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    scene.come_in(scene.mia)
    group_service.exclude(
        session,
        scene.group,
        scene.mia,
        until_on=TODAY + 10 * DAY,
        review_on=TODAY + 10 * DAY,
        reason="A loud evening.",
        by=scene.lena,
        who=scene.lead,
        today=TODAY,
        now=NOW,
    )
    session.commit()
    result = bring(f"Name,{TODAY + 6 * DAY}\nMia,x\nHugo,x\n")
    assert result.exit_code == 1
    assert "'Mia' was not noted on 2026-05-10: please speak to those who run" in result.output
    assert "1 contacts" in result.output


def test_a_pot_that_holds_too_little_stops_its_session_alone(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    poor = scene.start(name="Poor")
    group_service.write_crediting_rule(
        session,
        poor,
        Terms(kind="pot"),
        applies_from_on=FIRST,
        by=scene.lena,
        who=scene.lead,
        today=FIRST,
        now=NOW,
    )
    session.commit()
    result = bring("Name,2025-03-01,2025-03-08\nHugo,h,\nMia,,x\n", group="poor")
    assert result.exit_code == 1
    assert "The session of 2025-03-01 was not entered: a pot" in result.output
    assert held(session) == 1


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("Name,Notes\nMia,x\n", [], "No column has a date on top"),
        ("2025-03-01\nx\n", [], "Nothing was brought in."),
        ("Name,2025-03-01\nMia,x\n", ["--starts", "late"], "'late' is no time."),
        ("Name,2025-03-01\nMia,x\n", ["--by", "M009999"], "Nobody here has the number"),
        ("Name,2025-03-01\nMia,x\n", ["--group", "nowhere"], "There is no group 'nowhere'"),
        ("Name,2025-03-01\nMia,x\n", ["--by", "5"], "whoever answers for it does not run"),
    ],
)
def test_what_is_of_no_use_changes_nothing_and_says_why(
    session: Session,
    scene: Scene,
    bring: Callable[..., Result],
    text: str,
    options: list[str],
    words: str,
) -> None:
    result = bring(text, *options)
    assert result.exit_code == 2, result.output
    assert words in result.output
    assert held(session) == 0


def test_nobody_becomes_a_member_by_a_table_of_which_nothing_came_in(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    def members() -> int | None:
        session.rollback()
        return session.scalar(sa.select(sa.func.count()).select_from(Member))

    before = members()
    table = "Name,2025-03-01\nSylvia,x\n"
    result = bring(table, "--by", "5")
    assert "0 of them new members" in result.output
    assert members() == before
    scene.group.state = "ended"
    session.commit()
    result = bring(table)
    assert result.exit_code == 2, result.output
    assert "Nothing was brought in. The group has come to its end." in result.output
    assert members() == before


def test_a_group_nobody_runs_needs_somebody_who_answers_for_it(
    session: Session, bring: Callable[..., Result]
) -> None:
    scene = make_scene(session, slug="natchez")
    group_service.start_group(
        session, scene.community, group_service.GroupDetails(name="Lists"), by=None, now=NOW
    )
    session.commit()
    result = bring("Name,2025-03-01\nHugo,x\n", group="lists")
    assert result.exit_code == 0, "Cora coordinates"


def test_a_lead_who_stays_away_answers_for_no_list(
    session: Session, scene: Scene, bring: Callable[..., Result]
) -> None:
    group_service.exclude(
        *(session, scene.group, scene.lena),
        until_on=utc_now().date() + dt.timedelta(days=30),
        review_on=utc_now().date(),
        reason="A quarrel.",
        by=scene.cora,
        who=standing(None, frozenset({"coordinator"})),
        today=utc_now().date(),
        now=utc_now(),
    )
    session.commit()
    result = bring("Name,2025-03-01\nMia,x\n")
    assert result.exit_code == 0, result.output
    assert held(session) == 1
