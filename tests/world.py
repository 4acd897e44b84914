"""A small community with one of everything, for the guards that walk over every route."""

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from itsdangerous import URLSafeSerializer
from sqlalchemy.orm import Session

from ledger import checkpoints, keys, periods
from ledger.notes import Signer
from tests.architecture.routes import Route
from tests.conftest import SECRET_KEY, Client
from tests.factories import make_community, make_device, make_member, sign_in
from tests.world_of_sessions import doors, rota
from timebank.clock import utc_now
from timebank.communities.models import Community
from timebank.db import new_id
from timebank.exchanges import service as exchanges
from timebank.exchanges.models import Overdraft
from timebank.exchanges.service import Terms
from timebank.groups import service as groups
from timebank.groups.queries import standing_of
from timebank.groups.service import Agreement, GroupDetails, VenueDetails
from timebank.hours import service as hours
from timebank.hours.models import BooksQuestion
from timebank.listings import queries as listing_queries
from timebank.listings import service as listings
from timebank.listings.service import ListingDetails
from timebank.members.models import Member
from timebank.members.service import links
from timebank.messaging import emails
from timebank.messaging import service as messages
from timebank.messaging.models import Notice
from timebank.sessions import service as sessions
from timebank.web import assets, drafts
from timebank.web.access import SLUG

MONTH = dt.timedelta(days=32)
#: Who has things of their own, so that a page about them is really theirs.
ACTIVE = ("member", "treasurer", "auditor", "coordinator")
#: Parts of an address by which examples of one name are told apart; the first that fits counts.
PARTS = (
    *("away", "rota", "groups", "join", "listings", "messages", "sign-in", "books", "calendar"),
    *("door", "open", "close", "sheet", "poster", "correct", "closings", "together", "c"),
)


@dataclass(frozen=True, slots=True)
class World:
    """A community, somebody in each role, and examples for each part of an address."""

    community: Community
    people: dict[str, Member]
    #: By role, then by the name of the part; a part may be told apart by the address it is in.
    examples: dict[str, dict[str, object]]

    def client(self, app: Flask, session: Session, role: str) -> Client:
        """Open a browser as somebody in this role."""
        client = Client(app, app.response_class, use_cookies=True)
        client.arranged = session
        if role != "visitor":
            sign_in(client, session, self.people[role])
        return client

    def address(
        self, route: Route, role: str = "member", *, community: Community | None = None
    ) -> str:
        """Fill the examples of a role into an address."""
        rule = route.rule
        own = self.examples[role if role in ACTIVE else "member"]
        values = {
            name: own.get(f"{name} in {_part_of(rule.rule)}", own.get(name))
            for name in rule.arguments
        }
        if SLUG in rule.arguments:
            values[SLUG] = (community or self.community).slug
        missing = [name for name, value in values.items() if value is None]
        assert not missing, f"{rule.rule}: put an example of {missing} into tests/world.py"
        built = rule.build(values)
        assert built is not None, rule.rule
        return built[1]


def _part_of(rule: str) -> str:
    return next((part for part in PARTS if f"/{part}/" in f"{rule}/"), "")


def build_world(session: Session) -> World:
    """Make a community with one of everything."""
    now = utc_now()
    community, elsewhere = make_community(session), make_community(session)
    listings.seed_categories(session, community.id)
    people = {
        "other": make_member(session, elsewhere, first_name="Otto"),
        "waiting": make_member(session, community, first_name="Wanda", state="waiting"),
        "member": _signed_up(session, community, "Mina"),
        "treasurer": _signed_up(session, community, "Theo", "treasurer"),
        "auditor": _signed_up(session, community, "Aud", "auditor"),
        "coordinator": _signed_up(session, community, "Cora", "coordinator"),
        "helper": make_member(session, community, first_name="Hana", email="hana@example.org"),
        "guest": make_member(session, community, first_name="Gus"),
    }
    for member in people.values():
        # Before this month, so that there is a month to seal, and for those who take part.
        if member.community_id == community.id and member.state == "active":
            hours.bring_in(
                session,
                community,
                member,
                minutes=60,
                happened_on=(now - MONTH).date(),
                key=f"opening:{member.number}",
                by=None,
                now=now - MONTH,
            )
    examples = {
        role: _of(session, community, people[role], people["helper"], now) for role in ACTIVE
    }
    for role in ACTIVE:
        # Out of the blue one writes to a coordinator, or as one.
        reached = people["helper" if role == "coordinator" else "coordinator"]
        examples[role]["member_id in messages"] = reached.id
        examples[role] |= _group(session, community, people[role], people, now)
    size, period = _seal(session, community, now)
    for role in ACTIVE:
        examples[role] |= {"size": size, "newer": size, "older": size, "period": period}
    session.commit()
    return World(community, people, examples)


def _seal(session: Session, community: Community, now: dt.datetime) -> tuple[int, str]:
    """Seal the book with a key that lies nowhere; return how many entries it has, and a month."""
    connection, book_id = session.connection(), community.id
    signer = Signer.of(f"{community.slug}.example", Ed25519PrivateKey.generate())
    keys.begin(connection, book_id, signer, now=now)
    drafted = checkpoints.draft(connection, book_id)
    assert drafted is not None
    size = checkpoints.keep(connection, book_id, drafted, signer, now=now).size
    [month, *_later] = periods.due(connection, book_id, zone=dt.UTC, now=now)
    sealed = periods.draft(connection, book_id, month)
    assert periods.keep(connection, book_id, sealed, signer, now=now) is not None
    return size, month.period


def _signed_up(session: Session, community: Community, first_name: str, *roles: str) -> Member:
    email = f"{first_name}@{community.slug}.example".lower()
    return make_member(
        session,
        community,
        first_name=first_name,
        roles=roles,
        email=email,
        sign_in_address=email,
    )


def _of(
    session: Session, community: Community, member: Member, helper: Member, now: dt.datetime
) -> dict[str, object]:
    """Give a member something of each kind, and return how to find it."""
    branch = listing_queries.categories(session, community.id)[0]
    category = branch.leaves[0]
    listing = listings.post_listing(
        session,
        community,
        member,
        ListingDetails(
            kind="offer",
            category_id=category.id,
            title="A walk by the river",
            audience="everyone",
        ),
        now=now,
    )
    conversation = listings.reply(session, listing, helper, "I would like that.", now=now)
    messages.send(session, conversation, author=member, body="Then let us go.", now=now)
    exchange = exchanges.propose(
        session,
        community,
        by=helper,
        giver=member,
        receiver=helper,
        category_id=category.id,
        terms=Terms(agreed_minutes=60, place="public"),
        now=now,
        conversation_id=conversation.id,
    )
    logged = exchanges.log_informal(
        session,
        community,
        by=member,
        other=helper,
        by_gave=True,
        category_id=category.id,
        worked_minutes=60,
        happened_on=now.date(),
        now=now,
    )
    session.flush()
    booked = exchanges.answer_yes(session, community, logged.id, by=helper, now=now)
    overdraft = Overdraft(
        community_id=community.id,
        account_code=member.account_code,
        reversal_id=booked.entry_id,
        short_minutes=15,
        flagged_at=now,
    )
    session.add(overdraft)
    answers = _answers(str(branch.top.id), str(category.id))
    draft = drafts.begin(
        session, community.id, "listing", owner_id=member.id, answers=answers, now=now
    )
    joining = drafts.begin(session, community.id, "join", owner_id=None, answers={}, now=now)
    link = links.make_link(session, member.email, now=now)
    assert link is not None
    session.flush()
    return {
        "device_id": make_device(session, member)[0].id,
        "listing_id": listing.id,
        "conversation_id": conversation.id,
        "notice_id": session.scalar(
            sa.select(Notice.id).where(
                Notice.community_id == community.id, Notice.member_id == member.id
            )
        ),
        "exchange_id": exchange.id,
        "entry_id": booked.entry_id,
        "overdraft_id": overdraft.id,
        "category_id": category.id,
        "member_id": helper.id,
        "draft_id in listings": draft.id,
        "draft_id in join": joining.id,
        "step": "what",
        "name in join": "name",
        "code": member.account_code,
        "number": helper.account_code,
        "secret": secrets.token_urlsafe(16),
        "secret in sign-in": link.secret,
        "secret in calendar": sessions.make_feed(session, member, now=now),
        "token": _stop_token(member),
        "role": "treasurer",
        "name in books": "flows",
        "question_id": _question(session, community, member, now),
        "what": "pause",
        "digest": _digest("icon.svg"),
        "name": "icon.svg",
    }


def _group(
    session: Session,
    community: Community,
    member: Member,
    people: dict[str, Member],
    now: dt.datetime,
) -> dict[str, object]:
    """Let a member run a group together with the helper, and something wait in it."""
    helper, guest, today = people["helper"], people["guest"], now.date()
    name = f"Café of {member.first_name} at {community.slug}"
    venue = groups.add_venue(
        session, community, VenueDetails(name=name, postcode="SE1 7PZ"), now=now
    )
    details = GroupDetails(name=name, venue_id=venue.id, is_public=True, supports=["social"])
    group = groups.start_group(session, community, details, by=member, now=now)
    lead = standing_of(session, group, member, on=today)
    groups.write_rules(session, group, "Be kind.", by=member, who=lead, now=now)
    groups.join(session, group, helper, today=today, now=now)
    groups.give_part(session, group, helper, "lead", is_paid=False, by=member, who=lead, now=now)
    tea = groups.start_group(
        session, community, GroupDetails(name=f"Tea with {group.slug}"), by=helper, now=now
    )
    # Whoever stays away from a group runs nothing in it, and the member is to run theirs.
    decisions = [
        groups.exclude(
            session,
            where,
            whom,
            until_on=today + dt.timedelta(days=14),
            review_on=today + dt.timedelta(days=7),
            reason="Shouted at the cook.",
            by=helper,
            who=standing_of(session, where, helper, on=today),
            today=today,
            now=now,
        )
        for where, whom in ((tea, member), (group, guest))
    ]
    words = "The cook shouted first."
    groups.appeal(session, group, decisions[1], words=words, by=guest, today=today, now=now)
    groups.connect(
        session,
        tea,
        group,
        Agreement(),
        by=helper,
        who=standing_of(session, tea, helper, on=today),
        now=now,
    )
    move = groups.ask_pot(
        session,
        community,
        group.account_code,
        "grant",
        member=helper,
        minutes=60,
        words="For a lift home.",
        by=helper,
        who=standing_of(session, group, helper, on=today),
        today=today,
        now=now,
    )
    session.flush()
    held = doors(session, community, group, member, helper, now)
    return (
        held
        | rota(session, community, group, member, helper, now)
        | {
            "pot_name": group.slug,
            "other_slug": tea.slug,
            "move_id": move.id,
            "kind": "ask",
            "group_slug": group.slug,
            "group_slug in away": tea.slug,
            "venue_id": venue.id,
            "exclusion_id": decisions[1].id,
            "member_id in groups": helper.id,
            "answer": "yes",
            "version": 1,
        }
    )


def _question(
    session: Session, community: Community, member: Member, now: dt.datetime
) -> uuid.UUID:
    """A question to the books that was answered."""
    question = BooksQuestion(
        community_id=community.id,
        id=new_id(),
        asked_by_id=member.id,
        name="months",
        asked_at=now,
        started_at=now,
        ended_at=now,
        outcome="answered",
        answer={
            "columns": ["month", "entries", "movers", "moved_minutes"],
            "rows": [["2026-05", 2, 3, 120]],
            "is_cut": False,
            "entries": 2,
            "head": "00" * 32,
        },
    )
    session.add(question)
    session.flush()
    return question.id


def _answers(heading: str, category: str) -> dict[str, object]:
    """Answer every question of the chain that puts up an offer."""
    return {
        "kind": "offer",
        "done": ["what", "heading", "category", "support", "when", "where", "who"],
        "title": "Company",
        "words": "",
        "language": "en",
        "heading": heading,
        "category": category,
        "supports": ["social"],
        "transition": "",
        "about_minutes": 60,
        "slots": [],
        "when_words": "",
        "place": "public",
        "area": "",
        "audience": "community",
        "days": "90",
        "is_anonymous": False,
    }


def _digest(name: str) -> str:
    content = assets.content_of(name)
    assert content is not None
    return assets._hash(content)


def _stop_token(member: Member) -> str:
    """Sign what stands at the foot of a mail."""
    signer = URLSafeSerializer(SECRET_KEY, salt=emails.STOP_SALT)
    return str(signer.dumps([member.community_id.hex, member.id.hex, "message"]))
