"""Where the demo's people act: each act calls the service that the page for it would call."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.demo.casting import KEPT_FOR_SCENES, Person
from timebank.demo.script import Line, Script
from timebank.exchanges import service as exchanges
from timebank.exchanges.models import Exchange
from timebank.exchanges.service import Terms
from timebank.listings import service as listings
from timebank.listings.models import Category, Listing
from timebank.listings.service import ListingDetails
from timebank.members import queries as members_queries
from timebank.members import service as members
from timebank.members.models import Member
from timebank.members.models import Person as SignsIn
from timebank.members.service import Answers
from timebank.messaging import service as messaging
from timebank.messaging.models import Conversation

#: What everybody of the cast who has a password signs in with.
PASSWORD = "one hour is one hour"  # noqa: S105 - printed on the first page of the demo
AGENT = "The demo itself"
SEEN_BY_ALL = {"about_seen_by": "community", "area_seen_by": "community"}


@dataclass(slots=True, kw_only=True)
class Stage:
    """A community while its two years pass.

    Attributes:
        session: The open unit of work; `service` commits it once a week.
        script: What people say.
        community: Where.
        now: The moment at hand.
        known: Who signs in already, by key, from a community filled before.
        members: Who was seen so far, by key.
        people: The same people as they were cast.
        keys: The key of each member's id.
        codes: The key of each member's number.
        minutes: What each may spend, by key: a tally.
        bound: Minutes of help that is under way, by the key of who will be helped.
        met: How often two have helped each other, by their keys in order.
        cards: Codes of the printed cards, by key.
    """

    session: Session
    script: Script
    community: Community
    now: dt.datetime
    known: dict[str, uuid.UUID] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    keys: dict[uuid.UUID, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    minutes: Counter[str] = field(default_factory=Counter)
    bound: Counter[str] = field(default_factory=Counter)
    met: Counter[tuple[str, str]] = field(default_factory=Counter)
    cards: dict[str, str] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    booked: list[Exchange] = field(default_factory=list)
    begun: int = 0

    # ---------------------------------------------------------------------------- time

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the place."""
        return ZoneInfo(self.script.time_zone)

    @property
    def today(self) -> dt.date:
        """The date where the community is."""
        return self.now.astimezone(self.zone).date()

    def at(self, day: dt.date, hour: float) -> dt.datetime:
        """Return a moment of a day: 9.5 is half past nine on the clocks of the place."""
        midnight = dt.datetime.combine(day, dt.time(), self.zone)
        return (midnight + dt.timedelta(hours=hour)).astimezone(dt.UTC)

    # -------------------------------------------------------------------------- people

    @property
    def coordinator(self) -> Member | None:
        """The first coordinator, once there is one."""
        return next(
            (self.members[key] for key, one in self.people.items() if "coordinator" in one.roles),
            None,
        )

    def is_here(self, key: str) -> bool:
        """Tell whether somebody takes part now."""
        return key in self.members and self.members[key].is_here

    def arrive(self, person: Person) -> Member:
        """Let somebody join, or be added by the coordinator; the first one founds the place."""
        person_id = self.known.get(person.key)
        if person.adds or self.coordinator is None:
            member = members.add_member(
                self.session,
                self.community,
                first_name=person.first_name,
                last_name=person.last_name,
                area=person.area,
                email=person.email,
                phone=person.phone,
                has_heard_rules=True,
                by=self.coordinator,
                now=self.now,
                person_id=person_id,
            )
        else:
            member = self._join(person, person_id)
        self.members[person.key] = member
        self.people[person.key] = person
        self.keys[member.id] = person.key
        self.codes[member.account_code] = person.key
        return member

    def _join(self, person: Person, person_id: uuid.UUID | None) -> Member:
        invitation = ""
        if self.community.joining == "invitation" and self.coordinator is not None:
            invitation = members.invite(
                self.session, self.community, by=self.coordinator, now=self.now
            )
        return members.join(
            self.session,
            self.community,
            Answers(
                first_name=person.first_name,
                area=person.area,
                email=person.email,
                phone=person.phone,
                could_offer=person.could_offer,
                would_like=person.would_like,
                rules_version=self.community.house_rules_version,
            ),
            now=self.now,
            person_id=person_id,
            invitation=invitation,
        )

    def decide(self, person: Person, reason: str) -> None:
        """Let the coordinator say yes, or no with a reason, to somebody who waits."""
        member, by = self.members[person.key], self.coordinator
        if person.fate == "is refused":
            members.refuse(self.session, member, by=by, reason=reason, now=self.now)
        else:
            members.approve(self.session, member, community=self.community, by=by, now=self.now)

    def go(self, person: Person) -> None:
        """Let somebody pause or leave."""
        member = self.members[person.key]
        if person.fate == "pauses":
            members.pause(self.session, member, by=member, now=self.now, reason="Needs some rest")
        else:
            members.leave(self.session, member, by=member, now=self.now, reason="Moves away")

    def settle_in(self, person: Person) -> None:
        """Give somebody of the cast what they sign in with, their words, and their roles."""
        member = self.members[person.key]
        wanted = {"last_name": person.last_name, "about": person.about, **SEEN_BY_ALL}
        if person.about:
            members.edit_member(self.session, member, wanted, by=member, now=self.now)
        if person.email and member.person_id is not None and person.key not in self.known:
            self._prove_address(person.email, member.person_id)
            if person.means == "password":
                self._set_password(member.person_id)
        if person.means == "card":
            self.cards[person.key] = members.issue_card(
                self.session, member, by=self.coordinator, now=self.now
            )

    def _prove_address(self, email: str, person_id: uuid.UUID) -> None:
        """Do what people do with the link in their first mail, and sign out again."""
        members.note_address(self.session, person_id, email)
        link = members.make_link(self.session, email, now=self.now)
        if link is not None:
            members.use_link(
                self.session, link.secret, key="demo", agent=AGENT, is_shared=True, now=self.now
            )
            members.end_devices(self.session, person_id, now=self.now)

    def _set_password(self, person_id: uuid.UUID) -> None:
        members.set_password(
            self.session,
            self.session.get_one(SignsIn, person_id),
            PASSWORD,
            keep_device_id=None,
            now=self.now,
        )

    # ------------------------------------------------------------------------ listings

    def lines_to_post(self, person: Person) -> list[Line]:
        """Return what somebody puts up by and by; the rest a scene puts up."""
        return [line for line in person.lines if (person.key, line.category) not in KEPT_FOR_SCENES]

    def post(self, person: Person, line: Line, *, days: int) -> Listing:
        """Put up an offer or a request for so many days."""
        return listings.post_listing(
            self.session,
            self.community,
            self.members[person.key],
            ListingDetails(
                kind=line.kind,
                category_id=self.categories[line.category].id,
                title=line.title,
                words=line.words,
                supports=line.supports,
                about_minutes=line.minutes,
                when_words=line.when,
                slots=frozenset(line.slots),
                place=line.place,
                area=person.area,
                audience="everyone" if is_for_all(line) else "community",
                ends_on=self.today + dt.timedelta(days=days),
                language=self.script.language,
                transition=TRANSITIONS.get(line.title),
            ),
            now=self.now,
        )

    def read_talk(self, conversation: Conversation, *readers: str) -> None:
        """Let people read a conversation to its end."""
        with self._aside() as session:
            for key in readers:
                if self.is_here(key):
                    messaging.mark_read(session, conversation, by=self.members[key], now=self.now)

    def write(self, conversation: Conversation, author: Member, words: str) -> None:
        """Read a conversation to its end and write the next message."""
        with self._aside() as session:
            messaging.mark_read(session, conversation, by=author, now=self.now)
        messaging.send(self.session, conversation, author=author, body=words, now=self.now)

    # ----------------------------------------------------------------------- exchanges

    def keys_of(self, exchange: Exchange) -> tuple[str, str]:
        """Return the keys of giver and receiver."""
        return self.keys[exchange.giver_id], self.keys[exchange.receiver_id]

    def propose(
        self,
        by: str,
        giver: str,
        receiver: str,
        *,
        category: str,
        title: str,
        terms: Terms,
        listing: Listing | None = None,
        conversation: Conversation | None = None,
        basis: str = "hours",
    ) -> Exchange:
        """Propose an exchange."""
        self.begun += 1
        return exchanges.propose(
            self.session,
            self.community,
            by=self.members[by],
            giver=self.members[giver],
            receiver=self.members[receiver],
            category_id=self.categories[category].id,
            title=title,
            terms=terms,
            listing_id=listing.id if listing else None,
            conversation_id=conversation.id if conversation else None,
            basis=basis,
            now=self.now,
        )

    def note_down(
        self,
        by: str,
        giver: str,
        receiver: str,
        *,
        category: str,
        title: str,
        minutes: int,
        happened_on: dt.date,
        basis: str = "hours",
    ) -> Exchange:
        """Log help that nobody arranged here."""
        self.begun += 1
        return exchanges.log_informal(
            self.session,
            self.community,
            by=self.members[by],
            other=self.members[receiver if by == giver else giver],
            by_gave=by == giver,
            category_id=self.categories[category].id,
            title=title,
            worked_minutes=minutes,
            happened_on=happened_on,
            basis=basis,
            now=self.now,
        )

    @contextmanager
    def binding(self, key: str, minutes: int) -> Iterator[None]:
        """Keep somebody's minutes for help that is under way, with half an hour to spare."""
        self.bound[key] += minutes + 30
        try:
            yield
        finally:
            self.bound[key] -= minutes + 30

    def tally(self, exchange: Exchange, giver: str, receiver: str) -> None:
        """Remember that hours moved between two."""
        self.met[min(giver, receiver), max(giver, receiver)] += 1
        if exchange.entry_id is not None and exchange.worked_minutes:
            self.minutes[giver] += exchange.worked_minutes
            self.minutes[receiver] -= exchange.worked_minutes
            self.booked.append(exchange)

    def read_all_notices(self) -> None:
        """Let everybody look at what they were told."""
        with self._aside() as session:
            for member in self.members.values():
                messaging.read_all_notices(session, member, now=self.now)

    @contextmanager
    def _aside(self) -> Iterator[Session]:
        """Open a session of little memory in the same transaction.

        The long one knows every notice it ever told, and an UPDATE of notices would go through all
        of them to see which it has changed.
        """
        self.session.flush()
        with Session(
            self.session.connection(), join_transaction_mode="create_savepoint"
        ) as session:
            yield session
            session.commit()

    def load_categories(self) -> None:
        """Give the community the shipped tree and remember it by key."""
        listings.seed_categories(self.session, self.community.id)
        kept = self.session.scalars(
            sa.select(Category).where(Category.community_id == self.community.id)
        )
        self.categories = {category.key: category for category in kept}

    def roles_of(self, key: str) -> frozenset[str]:
        """Name the roles somebody holds now."""
        return members_queries.roles_of(self.session, self.members[key])


def is_for_all(line: Line) -> bool:
    """Tell whether visitors may see a line: nearly half, and nothing that is close to the heart."""
    return line.supports <= {"practical", "social"} and len(line.title) % 2 == 0


#: Requests that are about a big change.
TRANSITIONS = {
    "Home from hospital, and up my stairs": "leaving hospital",
    "Come along when I move into the new house": "entering a service",
    "Someone who has come out of a programme too": "leaving a service",
    "Somebody to ring on a Saturday night": "crisis at a weekend",
}
