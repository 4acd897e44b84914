"""What groups start from: a community with a group."""

import pytest
from sqlalchemy.orm import Session

from tests.timebank.groups.scene import Scene, make_scene


@pytest.fixture
def scene(session: Session) -> Scene:
    return make_scene(session)
