"""Two neighbours, a coordinator, a kind of help: what every story of exchanges begins with."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import NOW, make_community, make_member
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.exchanges import service
from timebank.exchanges.models import Exchange, ExchangeMove
from timebank.exchanges.service import Terms
from timebank.hours import queries as hours
from timebank.listings.models import Category
from timebank.members.models import Member
from timebank.messaging.models import Notice

TODAY = NOW.date()
DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class Scene:
    """Gita gives, Rune receives, Cora coordinates, Otto has nothing to do with it."""

    session: Session
    community: Community
    category: Category
    gita: Member
    rune: Member
    cora: Member
    otto: Member

    def balance(self, member: Member) -> int:
        """Return the minutes on a member's account."""
        return hours.balance_of(self.session, member).posted

    def propose(self, **changed: Any) -> Exchange:
        """Let Rune ask Gita for an hour on Saturday morning."""
        values: dict[str, Any] = {
            "by": self.rune,
            "giver": self.gita,
            "receiver": self.rune,
            "category_id": self.category.id,
            "title": "A walk by the river",
            "terms": saturday(),
            "now": NOW,
        }
        exchange = service.propose(self.session, self.community, **(values | changed))
        self.session.flush()
        return exchange

    def log(self, **changed: Any) -> Exchange:
        """Let Gita note that she helped Rune for an hour today."""
        values: dict[str, Any] = {
            "by": self.gita,
            "other": self.rune,
            "by_gave": True,
            "category_id": self.category.id,
            "worked_minutes": 60,
            "happened_on": TODAY,
            "now": NOW,
        }
        exchange = service.log_informal(self.session, self.community, **(values | changed))
        self.session.flush()
        return exchange


def saturday(**changed: Any) -> Terms:
    """An hour on Saturday morning in a public place."""
    values: dict[str, Any] = {
        "agreed_minutes": 60,
        "place": "public",
        "planned_on": TODAY + 5 * DAY,
        "part_of_day": "morning",
    }
    return Terms(**(values | changed))


def make_scene(session: Session, **settings: Any) -> Scene:
    """Make the people and the place."""
    community = make_community(session, **settings)
    category = Category(community_id=community.id, key="walks", check_hint="none")
    session.add(category)
    session.flush()
    return Scene(
        session,
        community,
        category,
        gita=make_member(session, community, first_name="Gita"),
        rune=make_member(session, community, first_name="Rune"),
        cora=make_member(session, community, first_name="Cora", roles=("coordinator",)),
        otto=make_member(session, community, first_name="Otto"),
    )


def moves(scene: Scene, exchange: Exchange) -> list[tuple[str, str | None]]:
    """List each move of an exchange with who made it."""
    names = {m.id: m.first_name for m in (scene.gita, scene.rune, scene.cora, scene.otto)}
    scene.session.flush()
    rows = scene.session.scalars(
        sa.select(ExchangeMove)
        .where(
            ExchangeMove.community_id == scene.community.id,
            ExchangeMove.exchange_id == exchange.id,
        )
        .order_by(ExchangeMove.id)
    )
    return [(row.move, names[row.by_member_id] if row.by_member_id else None) for row in rows]


def told(scene: Scene, member_name: str) -> list[str]:
    """List the kinds of notices that a member got, in order."""
    member = getattr(scene, member_name)
    scene.session.flush()
    return list(
        scene.session.scalars(
            sa.select(Notice.kind).where(Notice.member_id == member.id).order_by(Notice.id)
        )
    )


def now_scene(scene: Scene, **changed: object) -> Exchange:
    """Log an hour at the moment the pages live in."""
    now = utc_now()
    return scene.log(now=now, happened_on=now.date() - DAY, **changed)
