"""Pages of a list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from timebank.db import new_id
from timebank.web.paging import BadCursorError, cursor_of, cut, key_of


@given(st.uuids())
def test_a_cursor_is_read_as_it_was_written(key: object) -> None:
    assert key_of(cursor_of(key)) == key  # type: ignore[arg-type]


@pytest.mark.parametrize("cursor", ["nonsense", "ø", "AAAA", "a" * 500])
def test_a_cursor_that_is_none_of_ours_is_no_page(cursor: str) -> None:
    with pytest.raises(BadCursorError):
        key_of(cursor)


def test_no_cursor_means_from_the_start() -> None:
    assert key_of(None) is None
    assert key_of("") is None


def test_a_page_says_where_the_next_one_begins_and_the_last_says_nothing() -> None:
    keys = [new_id() for _ in range(3)]
    page = cut(["a", "b", "c"], keys, size=2)
    assert page.rows == ["a", "b"]
    assert page.after == cursor_of(keys[1])
    assert cut(["a", "b"], keys[:2], size=2).after is None
    assert cut([], []).rows == []
