"""What becomes of names that were there before."""

import importlib.util

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import make_community, make_member
from timebank.config import ROOT
from timebank.members import queries
from timebank.members.models import Member


def test_a_last_name_that_was_kept_before_finds_nobody_any_more(session: Session) -> None:
    community = make_community(session)
    kept = make_member(session, community, first_name="Åse Marie")
    told = make_member(session, community, first_name="Bo")
    kept.last_name = told.last_name = "Østby"
    kept.last_name_seen_by, kept.folded_name = "me", "ase marie ostby"
    told.folded_name = "bo ostby"
    session.flush()
    file = ROOT / "migrations" / "versions" / "0033_kept_names.py"
    spec = importlib.util.spec_from_file_location("kept_names", file)
    assert spec is not None
    assert spec.loader is not None
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    migration.take_out_kept_names(session.connection())
    session.expire_all()
    assert queries.find(session, community.id, "ostby", limit=5) == [told]
    names = sa.select(Member.folded_name).order_by(Member.first_name)
    assert set(session.scalars(names)) == {"ase marie", "bo ostby"}
