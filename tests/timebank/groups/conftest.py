"""A browser for each of the people in a story, and a count of what their pages ask the database."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import sign_in
from tests.pages.page import Pages
from timebank.members.models import Member

Walk = Callable[[Member], Pages]
Counted = Callable[[Pages, str], int]


@pytest.fixture
def walk(new_client: Callable[[], Client], session: Session) -> Walk:
    """Open a browser as somebody."""

    def walk(member: Member) -> Pages:
        client = new_client()
        sign_in(client, session, member)
        return Pages(client)

    return walk


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
