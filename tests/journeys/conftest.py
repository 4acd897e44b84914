"""People who walk through the site, each in a browser of their own."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import make_member
from tests.pages.page import Pages
from tests.timebank.listings.scene import make_place
from timebank.communities.models import Community
from timebank.members.models import Member


@pytest.fixture
def place(session: Session) -> Community:
    """A community with rules, categories, and people who are let in by a coordinator."""
    return make_place(session, slug="elm", name="Elm Road time bank", joining="approval")


@pytest.fixture
def cora(session: Session, place: Community) -> Member:
    """The coordinator."""
    return make_member(session, place, first_name="Cora", roles=("coordinator", "treasurer"))


@pytest.fixture
def gita(session: Session, place: Community) -> Member:
    """A member with a phone."""
    return make_member(session, place, first_name="Gita", area="Riverside")


@pytest.fixture
def visitor(new_client: Callable[[], Client]) -> Pages:
    """Open a browser that nobody has signed in with."""
    return Pages(new_client())
