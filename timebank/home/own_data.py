"""Everything a community keeps of one member, to take along: rows, never another person's words.

Each part is a table, the columns that say whose a row is, and the columns that are handed over.
Whoever else appears is an account number, and nothing at all while they ask without a name: the
number stands beside the name on their page. What others wrote (to the member, or of them) is
theirs; only what a decision about the member says to the member comes along.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.exchanges import queries as exchanges
from timebank.exchanges.models import Exchange, ExchangeMove, ThankYou
from timebank.groups.models import (
    Acknowledgement,
    Exclusion,
    Group,
    GroupEvent,
    GroupMember,
    PotMove,
)
from timebank.hours import queries as hours
from timebank.hours.errors import NoSuchAccountError
from timebank.hours.models import BooksCheck, BooksQuestion, OwnLimits
from timebank.hours.own_books import own_books
from timebank.limits.models import Crossing
from timebank.listings.models import Category, Listing, ListingSlot
from timebank.members.models import (
    Address,
    CodeCard,
    DeviceSession,
    Invitation,
    Member,
    MemberEvent,
    RoleGrant,
)
from timebank.messaging.models import MailChoice, Message, Notice, OutboxMail, Participant
from timebank.sessions.models import (
    ClosingPerson,
    GroupSession,
    SessionAttendance,
    Shift,
    ShiftRole,
    ShiftSwap,
    SignUp,
)
from timebank.trail.models import TrailEvent
from timebank.web.drafts import Draft

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Part:
    """One kind of thing that is kept of a member.

    Attributes:
        name: Of the file.
        table: Where it is kept.
        own: Columns that hold the member's id, one of which makes a row theirs.
        columns: What is handed over.
        words: Those among them that are words of whoever is named in the column `words_by`.
        words_by: Whose words they are; the words of anybody else are left out.
    """

    name: str
    table: type[Any]
    own: tuple[str, ...]
    columns: tuple[str, ...]
    words: tuple[str, ...] = field(default=(), kw_only=True)
    words_by: str = field(default="", kw_only=True)


PARTS: Final = (
    Part("membership", MemberEvent, ("member_id",), ("kind", "at")),
    Part("roles", RoleGrant, ("member_id",), ("role", "given_at", "ended_at")),
    Part("code-cards", CodeCard, ("member_id",), ("issued_at", "stopped_at")),
    Part("invitations", Invitation, ("made_by_id",), ("made_at", "expires_at")),
    Part(
        "offers-and-requests",
        Listing,
        ("member_id",),
        (
            *("id", "kind", "title", "words", "category_id", "is_social", "is_emotional"),
            *("is_practical", "about_minutes", "when_words", "place", "area", "audience"),
            *("transition", "language", "is_anonymous", "state", "posted_at", "renewed_at"),
            *("ends_on", "closed_at"),
        ),
    ),
    Part(
        "exchanges",
        Exchange,
        ("giver_id", "receiver_id"),
        (
            *("id", "giver_id", "receiver_id", "proposed_by_id", "title", "category_id", "state"),
            *("basis", "is_informal", "planned_on", "part_of_day", "place", "agreed_minutes"),
            *("worked_minutes", "happened_on", "proposed_at", "moved_at"),
        ),
        words=("title",),
        words_by="proposed_by_id",
    ),
    Part(
        "what-i-said-about-exchanges",
        ExchangeMove,
        ("by_member_id",),
        ("exchange_id", "move", "state_after", "minutes", "words", "at"),
    ),
    Part(
        "thanks-i-gave", ThankYou, ("by_member_id",), ("exchange_id", "to_member_id", "words", "at")
    ),
    Part("thanks-i-got", ThankYou, ("to_member_id",), ("exchange_id", "by_member_id", "at")),
    Part(
        "conversations", Participant, ("member_id",), ("conversation_id", "is_unnamed", "read_at")
    ),
    Part(
        "messages-i-wrote",
        Message,
        ("author_id",),
        ("conversation_id", "kind", "field", "body", "sent_at"),
    ),
    Part("notices", Notice, ("member_id",), ("topic", "kind", "told_at", "read_at")),
    Part("mail-i-want", MailChoice, ("member_id",), ("topic", "wanted", "chosen_at")),
    Part(
        "mail-to-me",
        OutboxMail,
        ("member_id",),
        ("topic", "to_address", "state", "written_at", "sent_at"),
    ),
    Part(
        "lines-i-came-to",
        Crossing,
        ("member_id",),
        ("side", "step", "crossed_at", "back_at", "talked_at"),
    ),
    Part(
        "groups", GroupMember, ("member_id",), ("group_id", "part", "state", "since_at", "is_paid")
    ),
    Part("what-happened-in-groups", GroupEvent, ("member_id",), ("group_id", "kind", "part", "at")),
    Part(
        "ground-rules-i-read", Acknowledgement, ("member_id",), ("group_id", "version", "way", "at")
    ),
    Part(
        "staying-away",
        Exclusion,
        ("member_id",),
        (
            *("group_id", "from_on", "until_on", "reason", "decided_at", "review_on", "lifted_on"),
            *("appealed_at", "appeal_words", "appeal_outcome", "appeal_answer"),
        ),
    ),
    Part(
        "pots",
        PotMove,
        ("member_id",),
        ("pot_code", "kind", "minutes", "words", "happened_on", "state", "asked_at"),
        words=("words",),
        words_by="asked_by_id",
    ),
    Part(
        "sessions-i-host",
        GroupSession,
        ("host_id",),
        ("group_id", "title", "day_on", "starts_at", "ends_at", "state"),
    ),
    Part("sign-ups", SignUp, ("member_id",), ("session_id", "state", "since_at")),
    Part("rota", Shift, ("member_id",), ("id", "session_id", "role_id", "state", "since_at")),
    Part("rota-swaps", ShiftSwap, ("asked_id",), ("state", "at", "settled_at")),
    Part(
        "sessions-i-came-to",
        SessionAttendance,
        ("member_id",),
        ("session_id", "role", "minutes", "is_paid", "is_first", "way", "at", "undone_at"),
    ),
    Part(
        "sessions-as-closed",
        ClosingPerson,
        ("member_id",),
        ("closing_id", "role", "minutes", "is_paid", "is_first"),
    ),
    Part(
        "questions-to-the-books",
        BooksQuestion,
        ("asked_by_id",),
        ("name", "words", "since_on", "asked_at"),
    ),
    Part("checks-i-asked-for", BooksCheck, ("asked_by_id",), ("asked_at", "outcome")),
    Part("not-finished", Draft, ("owner_id",), ("kind", "answers", "saved_at")),
)
#: What a member's own row says.
DETAILS: Final = (
    *("number", "state", "first_name", "last_name", "area", "email", "phone", "about"),
    *("could_offer", "would_like", "last_name_seen_by", "area_seen_by", "email_seen_by"),
    *("phone_seen_by", "about_seen_by", "rules_version", "joined_at"),
)
ADDRESS: Final = ("folded", "verified_at")
DEVICE: Final = ("agent", "means", "is_shared", "created_at", "last_seen_at", "ended_at")
TRAIL: Final = ("kind", "at")
OWN_LIMITS: Final = (
    *("floor_minutes", "floor_soft_minutes", "floor_nudge_minutes", "ceiling_nudge_minutes"),
    *("ceiling_soft_minutes", "ceiling_minutes", "reason", "since_at", "until_on", "ended_at"),
)
STATEMENT: Final = (
    *("seq", "recorded_at", "occurred_on", "kind", "category", "counterpart_code", "minutes"),
    "balance_minutes",
)
#: Names for what rows point to; anybody is a number, anything else keeps its key.
_NAMED: Final = {
    "category_id": (Category, ("key", "name")),
    "group_id": (Group, ("name",)),
    "session_id": (GroupSession, ("title", "day_on")),
    "role_id": (ShiftRole, ("name",)),
}
_PEOPLE: Final = ("giver_id", "receiver_id", "proposed_by_id", "by_member_id", "to_member_id")


@dataclass(frozen=True, slots=True)
class OwnData:
    """What is kept of a member.

    Attributes:
        details: Their own row.
        parts: Rows by the name of their part; parts without rows are there and empty.
        statement: Their hours as beancount reads them; empty where there is no account.
    """

    details: Row
    parts: Mapping[str, Sequence[Row]]
    statement: str


def own_data(
    session: Session, community: Community, member: Member, *, now: dt.datetime
) -> OwnData:
    """Gather everything a community keeps of a member; only what is theirs, as `PARTS` says."""
    reader = _Reader(session, community, member)
    parts: dict[str, Sequence[Row]] = {
        "addresses": reader.of_person(Address, ADDRESS),
        "devices": reader.of_person(DeviceSession, DEVICE),
        "trail": reader.rows(
            TrailEvent,
            sa.and_(
                TrailEvent.person_id == member.person_id,
                sa.or_(TrailEvent.community_id == community.id, TrailEvent.community_id.is_(None)),
            ),
            TRAIL,
        ),
        "limits-of-my-own": reader.rows(
            OwnLimits,
            sa.and_(OwnLimits.community_id == community.id, OwnLimits.code == member.account_code),
            OWN_LIMITS,
        ),
        "when-i-can": reader.slots(),
    }
    parts |= {part.name: reader.part(part) for part in PARTS}
    lines, statement = _hours(session, community, member, now=now)
    parts["statement"] = lines
    details = {name: _plain(getattr(member, name)) for name in DETAILS}
    return OwnData(details, parts, statement)


def _hours(
    session: Session, community: Community, member: Member, *, now: dt.datetime
) -> tuple[Sequence[Row], str]:
    """Every line of the member's statement, and the same for beancount."""
    joined_on = community.day_of(member.joined_at).replace(day=1)
    today = community.day_of(now)
    code = member.account_code
    try:
        found = hours.statement(session, community, code, joined_on, today)
        text = own_books(session, community, code, joined_on, today)
    except NoSuchAccountError:
        # Not let in yet, so there is no account.
        return [], ""
    lines = [{name: _plain(getattr(line, name)) for name in STATEMENT} for line in found.lines]
    return lines, text


class _Reader:
    """Reads rows of one member."""

    def __init__(self, session: Session, community: Community, member: Member) -> None:
        self._session = session
        self._community_id = community.id
        self._member = member
        self._names: dict[uuid.UUID, str] = {}
        self._unnamed = exchanges.unnamed_to(session, member)

    def part(self, part: Part) -> Sequence[Row]:
        """The rows of a part."""
        table = part.table
        rule: sa.ColumnElement[bool] = sa.or_(
            *(getattr(table, name) == self._member.id for name in part.own)
        )
        rule = sa.and_(table.community_id == self._community_id, rule)
        return self.rows(table, rule, part.columns, part=part)

    def of_person(self, table: type[Any], columns: Sequence[str]) -> Sequence[Row]:
        """Rows of the person behind the member, who may belong to other communities too."""
        return self.rows(table, table.person_id == self._member.person_id, columns)

    def slots(self) -> Sequence[Row]:
        """Weekdays and parts of the day of the member's offers and requests."""
        mine = sa.select(Listing.id).where(
            Listing.community_id == self._community_id, Listing.member_id == self._member.id
        )
        rule = sa.and_(
            ListingSlot.community_id == self._community_id, ListingSlot.listing_id.in_(mine)
        )
        return self.rows(ListingSlot, rule, ("listing_id", "weekday", "part"))

    def rows(
        self,
        table: type[Any],
        rule: sa.ColumnElement[bool],
        columns: Sequence[str],
        *,
        part: Part | None = None,
    ) -> Sequence[Row]:
        """Rows as plain values, in the order in which they came to be."""
        order = sa.inspect(table).primary_key
        found = self._session.scalars(sa.select(table).where(rule).order_by(*order)).all()
        return [dict(self._values(row, columns, part)) for row in found]

    def _values(
        self, row: object, columns: Sequence[str], part: Part | None
    ) -> Iterator[tuple[str, object]]:
        for name in columns:
            value = getattr(row, name)
            if part and name in part.words and getattr(row, part.words_by) != self._member.id:
                value = ""
            if name in _PEOPLE:
                is_unnamed = isinstance(row, Exchange) and self._unnamed.get(row.id) == value
                number = "" if is_unnamed else self._number_of(value)
                yield name.removesuffix("_id"), number
            elif name in _NAMED:
                yield name.removesuffix("_id"), self._name_of(name, value)
            else:
                yield name, _plain(value)

    def _number_of(self, member_id: uuid.UUID | None) -> str:
        """Whoever it is, by account number."""
        if member_id is None:
            return ""
        if member_id not in self._names:
            member = self._session.get(Member, (self._community_id, member_id))
            self._names[member_id] = member.account_code if member else ""
        return self._names[member_id]

    def _name_of(self, column: str, key: uuid.UUID | None) -> str:
        if key is None:
            return ""
        if key not in self._names:
            table, names = _NAMED[column]
            row = self._session.get(table, (self._community_id, key))
            said = [str(getattr(row, name)) for name in names if row is not None]
            self._names[key] = ", ".join(filter(None, said))
        return self._names[key]


def _plain(value: object) -> object:
    """A value as JSON and a spreadsheet know it."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return value.hex
    return value
