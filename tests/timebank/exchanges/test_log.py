"""The quick note of help that was given, walked without script."""

import pytest
import sqlalchemy as sa

from tests.factories import at, make_member
from tests.pages.page import Walk
from tests.timebank.exchanges.scene import Scene
from timebank.clock import utc_now
from timebank.exchanges.models import Exchange


def only(scene: Scene) -> Exchange:
    scene.session.rollback()
    return scene.session.scalars(sa.select(Exchange)).one()


# ------------------------------------------------------------------------------ the note


def test_help_is_noted_on_one_page(scene: Scene, walk: Walk) -> None:
    gita = walk(scene.gita)
    gita.get(at(scene.community, "/log"))
    page = gita.submit(who="Rune", worked_minutes="30")
    assert "We asked Rune" in page
    exchange = only(scene)
    assert (exchange.giver_id, exchange.worked_minutes) == (scene.gita.id, 30)
    assert exchange.is_informal
    # The next time the person is offered, and the kind of help is filled in.
    page = gita.get(at(scene.community, "/log?side=receive&with=M000002"))
    assert page.all("datalist option") == ["Rune"]
    assert page.one("[name=who]")["value"] == "M000002"
    gita.submit()
    assert scene.session.scalar(sa.select(sa.func.count()).select_from(Exchange)) == 2


def test_where_a_name_fits_several_the_page_asks_which(scene: Scene, walk: Walk) -> None:
    second = make_member(scene.session, scene.community, first_name="Rune", area="Harbour")
    gita = walk(scene.gita)
    gita.get(at(scene.community, "/log"))
    page = gita.submit(who="rune", worked_minutes="30", title="Letters", status=422)
    assert page.mistakes == ["Choose the person you mean."]
    assert page.one("[name=title]")["value"] == "Letters"
    assert f"Rune, Harbour ({second.account_code})" in page
    # Another mistake does not make anybody choose twice.
    page = gita.submit(member_number=str(second.number), happened_on="", status=422)
    assert page.mistakes == ["Choose the day."]
    gita.submit(happened_on=utc_now().date().isoformat(), member_number=str(second.number))
    assert only(scene).receiver_id == second.id


@pytest.mark.parametrize("who", ["Nobody", "M999999", "%", "'; drop table"])
def test_a_name_nobody_has_is_said_so_and_kept(scene: Scene, walk: Walk, who: str) -> None:
    gita = walk(scene.gita)
    gita.get(at(scene.community, "/log"))
    page = gita.submit(who=who, status=422)
    assert "Nobody here is called" in page.mistakes[0]
    assert page.one("[name=who]")["value"] == who


@pytest.mark.parametrize("typed", ["M000002", "m000002", "M2", "2", "000002", " m 2 "])
def test_a_number_is_enough_however_it_is_typed(scene: Scene, walk: Walk, typed: str) -> None:
    gita = walk(scene.gita)
    gita.get(at(scene.community, "/log"))
    assert "We asked Rune" in gita.submit(who=typed, worked_minutes="30")


@pytest.mark.parametrize("typed", ["Gita", "gita", "M000001"])
def test_whoever_names_themselves_reads_that_it_is_them(
    scene: Scene, walk: Walk, typed: str
) -> None:
    gita = walk(scene.gita)
    gita.get(at(scene.community, "/log"))
    page = gita.submit(who=typed, status=422)
    assert page.mistakes == ["That is you. Write who the other person was."]
    assert page.one("[name=who]")["value"] == typed


def test_a_day_written_in_another_way_is_kept_and_the_way_is_said(scene: Scene, walk: Walk) -> None:
    gita = walk(scene.gita)
    gita.get(at(scene.community, "/log"))
    page = gita.submit(who="Rune", happened_on="27/11/2026", status=422)
    assert page.mistakes == ["Write the day like this: 2026-05-09."]
    assert page.one("[name=happened_on]")["value"] == "27/11/2026"


def test_bad_figures_in_a_note_are_refused_with_a_sentence(scene: Scene, walk: Walk) -> None:
    gita = walk(scene.gita)
    page = gita.get(at(scene.community, "/log"))
    token = str(page.one("main [name=csrf_token]")["value"])
    fine = {
        "csrf_token": token,
        "side": "give",
        "who": "Rune",
        "category_id": str(scene.category.id),
        "worked_minutes": "60",
        "happened_on": utc_now().date().isoformat(),
        "basis": "hours",
    }
    for wrong in (
        *(
            {"worked_minutes": value}
            for value in ("0", "-60", "1e9", "NaN", "\u0661", str(2**63), "481")
        ),
        *({"happened_on": value} for value in ("2999-01-01", "1900-01-01", "x")),
        {"category_id": "x"},
        {"category_id": str(scene.gita.id)},
        {"basis": "free"},
        {"side": "both"},
    ):
        page = gita.post(at(scene.community, "/log"), {**fine, **wrong}, status=422)
        assert page.mistakes, wrong
    assert scene.session.scalar(sa.select(sa.func.count()).select_from(Exchange)) == 0
