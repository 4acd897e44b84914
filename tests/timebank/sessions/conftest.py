"""What the stories of a door start from."""

import pytest
from sqlalchemy.orm import Session

from tests.pages.page import Pages, Walk
from tests.timebank.sessions.door import Door, make_door


@pytest.fixture
def door(session: Session) -> Door:
    """Give a session that nobody has opened."""
    return make_door(session)


@pytest.fixture
def hugo(door: Door, walk: Walk) -> Pages:
    """Give the browser of whoever holds it."""
    return walk(door.people.hugo)
