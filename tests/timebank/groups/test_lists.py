"""Lists that a council publishes become groups and places, once however often they come."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import make_community
from timebank import tables
from timebank.cli import cli
from timebank.communities.models import Community
from timebank.groups import queries, sheets
from timebank.groups.errors import ListError
from timebank.groups.models import Group, Venue
from timebank.groups.queries import Wanted
from timebank.hours import queries as hours

FOLDER = "lambeth-open-data/locations"


@pytest.fixture
def place(session: Session) -> Community:
    """Make a community to bring lists into."""
    community = make_community(session, slug="lambeth")
    session.commit()
    return community


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(cli, ["import", *words])


def counted(session: Session) -> tuple[int, int]:
    session.rollback()
    return tuple(  # type: ignore[return-value]
        session.scalar(sa.select(sa.func.count()).select_from(model)) for model in (Group, Venue)
    )


@pytest.mark.data
def test_a_councils_list_becomes_groups_that_postcodes_find(
    app: Flask, session: Session, place: Community, data: Path
) -> None:
    file = str(data / FOLDER / "food-growing-projects.csv")
    preview = run(app, "groups", file, "--dry-run")
    assert "142 new groups" in preview.output
    assert "dry run" in preview.output
    assert counted(session) == (0, 0)

    first = run(app, "groups", file, "--community", "lambeth")
    assert first.exit_code == 0, first.output
    groups, places = counted(session)
    assert groups == 142
    assert 130 < places <= 142

    again = run(app, "groups", file)
    assert "0 new groups, 0 new places, 142 known from before" in again.output
    assert counted(session) == (groups, places)

    for text, name in (
        ("SE18TU", "Chaplin Close Tenants Association"),
        ("se1 8tu", "Chaplin Close Tenants Association"),
        ("SE17PZ", "Three Stags pub 67 Kennington Road"),
        ("SE1 7PZ", "Three Stags pub 67 Kennington Road"),
    ):
        found = queries.every_entry(session, place.id, Wanted(text=text), only_public=True)
        assert [entry.group.name for entry in found] == [name]
    charities = Wanted(sector="charity")
    assert queries.every_entry(session, place.id, charities, only_public=True)
    pots = queries.groups_by_pot(session, place.id)
    assert len(hours.balances(session, place.id, list(pots))) == 142


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("leisure-centres", 5),
        ("childrens-centres", 30),
        ("polling-stations", 95),
        ("adventure-playgrounds", 15),
        ("community-toilets", 30),
    ],
)
def test_lists_of_places_are_read_whatever_their_columns_are_called(
    app: Flask, session: Session, place: Community, data: Path, name: str, count: int
) -> None:
    file = str(data / FOLDER / f"{name}.csv")
    first = run(app, "venues", file)
    assert first.exit_code in {0, 1}, first.output
    groups, places = counted(session)
    assert groups == 0
    assert 0 < places <= count
    again = run(app, "venues", file)
    assert "0 new groups, 0 new places" in again.output
    assert counted(session) == (0, places)


def test_each_row_is_told_what_is_wrong_with_it(
    app: Flask, session: Session, place: Community, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    long = "x" * 90
    file.write_text(
        "\ufeffName,Postcode,Note_,When\n"
        "Tea,SE1 7PZ,Charity,Tuesdays\n"
        ",SE1 7PZ,,\n"
        "tea , se17pz,,\n"
        "Chess,nowhere,,\n"
        f"{long},,,\n"
        "\n",
        "utf-8",
    )
    result = run(app, "groups", str(file))
    assert result.exit_code == 1
    assert "Row 3: Nothing is named." in result.output
    assert "Row 4: This is row 2 once more" in result.output
    assert "Row 5: 'NOWHERE' is no whole postcode and was not kept." in result.output
    assert "Row 6: The name was cut to 80 characters." in result.output
    assert "3 of 5 rows read: 3 new groups, 1 new places" in result.output
    group = queries.by_slug(session, place.id, "tea")
    assert (group.sector, group.when_words, group.is_public) == ("charity", "Tuesdays", True)


def test_two_groups_may_meet_at_one_place(
    app: Flask, session: Session, place: Community, tmp_path: Path
) -> None:
    file = tmp_path / "list.csv"
    file.write_text("Venue,Address,Postcode\nHall,1 High Road,SE1 7PZ\n", "utf-8")
    assert run(app, "venues", str(file)).exit_code == 0
    result = run(app, "groups", str(file))
    assert "1 new groups, 0 new places" in result.output
    session.rollback()
    venue = queries.venues(session, place.id)[0]
    assert [group.name for group in queries.groups_at(session, venue)] == ["Hall"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a list of text"),
        (b"\x00\x01", "not a list of text"),
        (b"Title,Postcode\nTea,SE1 7PZ\n", "no column"),
    ],
)
def test_a_file_that_is_no_list_is_refused_with_a_sentence(
    app: Flask, place: Community, tmp_path: Path, content: bytes, words: str
) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(content)
    result = run(app, "groups", str(file))
    assert result.exit_code == 2
    assert words in result.output


def test_a_list_without_end_is_refused() -> None:
    with pytest.raises(ListError):
        sheets.read(b"Name\n" + b"Tea\n" * (tables.ROWS_MAX + 1))
    with pytest.raises(ListError):
        sheets.read(b"Name\n" + b"x" * (tables.BYTES_MAX + 1))
    with pytest.raises(ListError):
        sheets.read(b'Name\n"' + b"x" * 200_000 + b'"\n')


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_list_is_read_whatever_program_wrote_it(encoding: str) -> None:
    [row] = sheets.read("Navn;Name;Postcode\n1;Caféen, øverst;SE1 7PZ\n".encode(encoding)).rows
    assert (row.row, row.name, row.postcode) == (2, "Caféen, øverst", "SE1 7PZ")
