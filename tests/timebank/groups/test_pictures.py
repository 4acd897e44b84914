"""The geometry of pictures: what is drawn stands for the figures beside it."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.groups.views import pictures

balances = st.lists(st.integers(-60_000, 600_000), min_size=1, max_size=24)


def heights(path: str) -> list[float]:
    return [float(down) for _across, down in re.findall(r"[ML]([\d.]+) (-?[\d.]+)", path)]


@given(balances)
def test_steps_go_up_with_the_balance_and_stay_in_the_picture(values: list[int]) -> None:
    drawn = pictures.steps(values)
    tall = heights(drawn.line)
    assert len(tall) == len(values) == len(drawn.marks)
    for one, other in itertools.pairwise(values):
        left, right = tall[values.index(one)], tall[values.index(other)]
        assert (left - right) * (other - one) >= 0
    assert all(pictures.TOP - 1 <= each <= pictures.HEIGHT - pictures.BOTTOM + 1 for each in tall)
    assert 2 <= len(drawn.ticks) <= 8
    assert 0 in {tick.minutes for tick in drawn.ticks}
    assert drawn.zero in {tick.at for tick in drawn.ticks}
    assert all(tick.minutes % 60 == 0 for tick in drawn.ticks)


names = st.sampled_from(["Tea", "Chess", "Badminton", "Walks", "Cooks"])


@given(st.dictionaries(st.tuples(names, names), st.integers(1, 10_000), min_size=1, max_size=12))
def test_each_flow_is_as_thick_as_its_hours(found: dict[tuple[str, str], int]) -> None:
    flows = [(giver, taker, minutes) for (giver, taker), minutes in found.items()]
    drawn = pictures.sankey(flows)
    assert len(drawn.bands) == len(flows)
    assert sum(post.minutes for post in drawn.givers) == sum(each[2] for each in flows)
    assert sum(post.minutes for post in drawn.takers) == sum(each[2] for each in flows)
    for posts in (drawn.givers, drawn.takers):
        ends = [(post.top, post.top + post.tall) for post in posts]
        assert all(end <= start for (_, end), (start, _) in itertools.pairwise(ends))
        assert ends[-1][1] <= drawn.height


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_groups_stand_on_a_circle_and_threads_end_at_them(count: int) -> None:
    names = [(f"Group {number}", f"/groups/{number}", number % 8) for number in range(count)]
    pairs = [(0, count - 1)] if count > 1 else []
    web = pictures.web(names, pairs)
    dots = {(knot.x, knot.y) for knot in web.knots}
    assert len(dots) == count
    for x1, y1, x2, y2 in web.threads:
        assert {(x1, y1), (x2, y2)} <= dots
    assert all(0 <= x <= pictures.WEB_WIDTH and 0 <= y <= pictures.WEB_HEIGHT for x, y in dots)


def test_a_long_name_has_two_lines_and_is_cut_after_them() -> None:
    assert pictures.label_lines("Tea") == ["Tea"]
    assert pictures.label_lines("Roof garden growers") == ["Roof garden", "growers"]
    long = "The Friday afternoon repair café of the old town"
    assert pictures.label_lines(long) == ["The Friday", "afternoon…"]
    assert pictures.label_lines(long, 1) == ["The Friday…"]
    for name in ("x" * 80, "", "  "):
        lines = pictures.label_lines(name)
        assert 1 <= len(lines) <= pictures.LABEL_LINES_MAX
        assert all(len(line) <= pictures.LABEL_LENGTH_MAX for line in lines)


def test_two_groups_whose_names_begin_alike_are_two_in_the_flows() -> None:
    alike = ("The Friday afternoon repair café", "The Friday afternoon repair club")
    drawn = pictures.sankey([(alike[0], "Tea", 60), (alike[1], "Tea", 60)])
    assert [post.name for post in drawn.givers] == list(alike)


def test_connected_groups_stand_side_by_side() -> None:
    assert pictures.side_by_side(5, [(0, 3), (3, 1)]) == [0, 3, 1, 2, 4]
    assert pictures.side_by_side(3, [(0, 1), (1, 2), (2, 0)]) == [0, 1, 2]
    assert pictures.side_by_side(0, []) == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_everybody_has_a_place_on_the_circle_once(pairs: list[tuple[int, int]]) -> None:
    assert sorted(pictures.side_by_side(10, pairs)) == list(range(10))
