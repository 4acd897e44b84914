"""The tree of categories."""

import pytest
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community
from tests.timebank.listings.scene import make_place
from timebank.listings import names, queries, service
from timebank.listings.errors import BadDetailsError, CategoryNotFoundError, CategoryTakenError
from timebank.listings.models import CHECK_HINTS, SUPPORTS
from timebank.listings.tree import CHECK_HINTS_OF, TREE
from timebank.web.icons import NAMES as ICONS


def test_the_shipped_tree_has_words_icons_and_hints_for_everything() -> None:
    keys = [key for heading in TREE for key in (heading.key, *heading.leaves)]
    assert len(keys) == len(set(keys))
    assert set(keys) == set(names.CATEGORIES)
    assert {heading.icon for heading in TREE} <= ICONS
    assert set(CHECK_HINTS_OF) <= set(keys)
    assert set(CHECK_HINTS_OF.values()) | {"none"} == set(CHECK_HINTS)
    assert set(names.SUPPORTS) == set(SUPPORTS)
    assert len(TREE) == 12
    assert 55 <= len(keys) - 12 <= 70


def test_seeding_again_adds_nothing_and_changes_nothing(session: Session) -> None:
    place = make_place(session)
    walks = queries.category_by_key(session, place.id, "walks")
    service.change_category(session, walks, name="Strolls", check_hint="ask lead")
    assert service.seed_categories(session, place.id) == 0
    assert names.name_of(walks) == "Strolls"
    tree = queries.categories(session, place.id)
    assert [branch.top.key for branch in tree] == [heading.key for heading in TREE]
    assert [leaf.key for leaf in tree[0].leaves] == list(TREE[0].leaves)


def test_a_leaf_that_came_later_is_added_under_its_heading(session: Session) -> None:
    place = make_place(session)
    session.delete(queries.category_by_key(session, place.id, "walks"))
    session.flush()
    assert service.seed_categories(session, place.id) == 1
    walks = queries.category_by_key(session, place.id, "walks")
    assert walks.parent_id == queries.category_by_key(session, place.id, "wellbeing").id


def test_a_community_adds_its_own(session: Session) -> None:
    place = make_place(session)
    food = queries.category_by_key(session, place.id, "food")
    jam = service.add_category(session, place.id, parent=food, name="Jam")
    sea = service.add_category(session, place.id, parent=None, name="The sea")
    boats = service.add_category(
        session, place.id, parent=sea, name="Boats", check_hint="regulated"
    )
    assert names.name_of(jam) == "Jam"
    assert jam.key != sea.key != boats.key
    assert "law" in names.hint_of(boats)
    tree = queries.categories(session, place.id)
    assert tree[-1].top is sea
    assert tree[-1].leaves == [boats]
    assert next(branch for branch in tree if branch.top is food).leaves[-1] is jam
    with pytest.raises(CategoryTakenError) as refused:
        service.add_category(session, place.id, parent=food, name="JÁM")
    assert refused.value.name == "JÁM"
    with pytest.raises(BadDetailsError):
        service.add_category(session, place.id, parent=jam, name="Too deep")
    with pytest.raises(BadDetailsError):
        service.add_category(session, place.id, parent=food, name="X", check_hint="maybe")


def test_a_category_is_renamed_and_gets_its_shipped_name_back(session: Session) -> None:
    place = make_place(session)
    walks = queries.category_by_key(session, place.id, "walks")
    food = queries.category_by_key(session, place.id, "food")
    jam = service.add_category(session, place.id, parent=food, name="Jam")
    service.change_category(session, walks, name="Strolls", check_hint="none")
    service.change_category(session, food, name="Eating", check_hint="none")
    assert names.name_of(walks) == "Strolls"
    service.change_category(session, walks, name="", check_hint="none")
    assert names.name_of(walks) == "Walks"
    with pytest.raises(BadDetailsError):
        service.change_category(session, jam, name="", check_hint="none")
    with pytest.raises(BadDetailsError):
        service.change_category(session, jam, name="Jam", check_hint="maybe")
    pie = service.add_category(session, place.id, parent=food, name="Pie")
    with pytest.raises(CategoryTakenError):
        service.change_category(session, pie, name="jam", check_hint="none")


def test_a_retired_category_leaves_the_choices_and_can_come_back(session: Session) -> None:
    place = make_place(session)
    walks = queries.category_by_key(session, place.id, "walks")
    service.retire_category(walks, now=NOW)
    service.retire_category(walks, now=NOW)
    shown = [leaf for branch in queries.categories(session, place.id) for leaf in branch.leaves]
    assert walks not in shown
    every = queries.categories(session, place.id, with_retired=True)
    assert walks in [leaf for branch in every for leaf in branch.leaves]
    service.restore_category(walks)
    assert walks.retired_at is None


def test_a_community_knows_only_its_own(session: Session) -> None:
    place, elsewhere = make_place(session), make_community(session)
    walks = queries.category_by_key(session, place.id, "walks")
    with pytest.raises(CategoryNotFoundError):
        queries.category(session, elsewhere.id, walks.id)
    with pytest.raises(CategoryNotFoundError):
        queries.category_by_key(session, elsewhere.id, "walks")
    assert names.name_of_key("walks") == "Walks"
    assert names.name_of_key("own-1") == "own-1"
