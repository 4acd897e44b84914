"""What the tests of the application start from: a community and its people; and a count."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.pages.page import Pages
from tests.timebank.exchanges.scene import Scene, make_scene

Counted = Callable[[Pages, str], int]


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)


@pytest.fixture
def counted(engine: Engine) -> Counted:
    """Count the statements that a page takes."""

    def counted(pages: Pages, path: str) -> int:
        found: list[str] = []

        def note(*arguments: object) -> None:
            found.append(str(arguments[2]))

        # What the test arranged is committed by now, and nothing of it is asked for again.
        pages.get(path)
        sa.event.listen(engine, "before_cursor_execute", note)
        try:
            pages.get(path)
        finally:
            sa.event.remove(engine, "before_cursor_execute", note)
        return len([each for each in found if not re.match(r"BEGIN|SET", each)])

    return counted
