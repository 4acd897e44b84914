"""A place with two neighbours, one of them at a browser."""

import pytest
from sqlalchemy.orm import Session

from tests.conftest import Client
from tests.factories import make_member, sign_in
from tests.pages.page import Pages
from tests.timebank.listings.scene import make_place
from timebank.communities.models import Community
from timebank.members.models import Member


@pytest.fixture
def place(session: Session) -> Community:
    return make_place(session, slug="harbour", name="Harbour time bank")


@pytest.fixture
def sam(session: Session, place: Community) -> Member:
    return make_member(
        session, place, first_name="Sam", area="Harbour", email="sam@example.org", phone="0770 1"
    )


@pytest.fixture
def eve(session: Session, place: Community) -> Member:
    return make_member(session, place, first_name="Eve", last_name="Hidden")


@pytest.fixture
def as_sam(client: Client, session: Session, sam: Member) -> Pages:
    sign_in(client, session, sam)
    return Pages(client)
