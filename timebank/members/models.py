"""People, their memberships, and how they sign in.

A person has nothing but means of signing in; the name is the membership's, because a person may be
"Sam" in one community and "S." in another. There is no date of birth, diagnosis or identity number,
and a test keeps it so.
"""

import datetime as dt
import uuid

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from timebank.db import Base, OfCommunity, at_most, new_id, one_of, within_community

NAME_LENGTH_MAX = 60
AREA_LENGTH_MAX = 60
#: Folding may lengthen a name: "ß" becomes "ss".
FOLDED_LENGTH_MAX = 2 * (2 * NAME_LENGTH_MAX) + 10
EMAIL_LENGTH_MAX = 254
PHONE_LENGTH_MAX = 30
ABOUT_LENGTH_MAX = 1000
REASON_LENGTH_MAX = 300
AGENT_LENGTH_MAX = 60
STATES = ("waiting", "active", "paused", "refused", "left")
ROLES = ("coordinator", "treasurer", "auditor")
#: Who sees a field, from the narrowest.
CIRCLES = ("me", "coordinator", "community")
EVENTS = (
    "joined",
    "added",
    "approved",
    "refused",
    "paused",
    "resumed",
    "left",
    "card issued",
    "card stopped",
    "role given",
    "role ended",
    "changed",
    "rules agreed",
)
TOKEN_PURPOSES = ("sign in", "join")


class Person(Base):
    """Somebody who can sign in; may belong to several communities."""

    __tablename__ = "person"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    #: The only community the password opens; see `DeviceSession`.
    password_community_id: Mapped[uuid.UUID | None]
    created_at: Mapped[dt.datetime]


class Address(Base):
    """An e-mail address that signs a person in, unique over all communities.

    `folded` is the address in lower case, NFKC; `verified_at` is None until a link sent there was
    used. `community_id` is the only community that it opens, as of a `DeviceSession`.
    """

    __tablename__ = "address"
    __table_args__ = (at_most("folded", EMAIL_LENGTH_MAX),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    folded: Mapped[str] = mapped_column(sa.String(EMAIL_LENGTH_MAX), unique=True)
    verified_at: Mapped[dt.datetime | None]
    community_id: Mapped[uuid.UUID | None]


class DeviceSession(Base):
    """A device somebody signed in on. The cookie holds a secret; the table holds only its hash.

    A card is made by a community's coordinators, so what is signed in with one opens that community
    alone, `community_id`; None opens all of the person's. The same holds for every way of signing
    in that a coordinator set up: an address they typed, and a password chosen on such a device.
    """

    __tablename__ = "device_session"
    __table_args__ = (at_most("agent", AGENT_LENGTH_MAX),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("person.id"), index=True)
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    #: Such as "Firefox on Android"; worked out once at sign-in, the header itself is not kept.
    agent: Mapped[str] = mapped_column(sa.String(AGENT_LENGTH_MAX))
    means: Mapped[str] = mapped_column(sa.String(20))
    created_at: Mapped[dt.datetime]
    #: Somebody else uses it too: signed out when the browser closes, and soon when left alone.
    is_shared: Mapped[bool] = mapped_column(default=False)
    last_seen_at: Mapped[dt.datetime]
    ended_at: Mapped[dt.datetime | None]
    community_id: Mapped[uuid.UUID | None]

    # What Flask-Login asks of a signed-in caller.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def opens(self, community_id: uuid.UUID) -> bool:
        """Tell whether the person can open this community on this device."""
        return self.community_id in {None, community_id}


class SignInToken(Base):
    """A link sent by mail: hashed, single use, short-lived, for one purpose and one address.

    `member_id` is the membership that was made with this address, where the purpose is "join", and
    `opens_id` the community whose coordinator typed it; None where the person did.
    `used_key` is the key of the page whose button used it, so that a double click of that very
    button ends in one signed-in device and not in "this link was used".
    """

    __tablename__ = "sign_in_token"
    __table_args__ = (
        one_of("purpose", TOKEN_PURPOSES),
        within_community("member", "member_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    address_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("address.id"), index=True)
    purpose: Mapped[str] = mapped_column(sa.String(10))
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    next_path: Mapped[str] = mapped_column(sa.String(500), default="/")
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]
    used_key: Mapped[str | None] = mapped_column(sa.String(36))
    device_id: Mapped[uuid.UUID | None]
    community_id: Mapped[uuid.UUID | None]
    member_id: Mapped[uuid.UUID | None]
    opens_id: Mapped[uuid.UUID | None]


class SignInAttempt(Base):
    """A failed try or a mail sent, kept for the throttle; `bucket` is a hash, never an address."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (Index(None, "bucket", "at"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    bucket: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    at: Mapped[dt.datetime]


class Member(OfCommunity, Base):
    """A person's membership of one community.

    `number` is printed on the code card as M000123 and names the account in the ledger; it is never
    given to another. `person_id` is None once the person was erased. Text columns are "" when
    unknown.
    """

    __tablename__ = "member"
    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        UniqueConstraint("community_id", "person_id"),
        Index(None, "community_id", "state", "id"),
        Index(None, "community_id", "folded_name", "id"),
        one_of("state", STATES),
        at_most("first_name", NAME_LENGTH_MAX),
        at_most("last_name", NAME_LENGTH_MAX),
        at_most("area", AREA_LENGTH_MAX),
        at_most("email", EMAIL_LENGTH_MAX),
        at_most("phone", PHONE_LENGTH_MAX),
        at_most("about", ABOUT_LENGTH_MAX),
        at_most("could_offer", ABOUT_LENGTH_MAX),
        at_most("would_like", ABOUT_LENGTH_MAX),
        one_of("last_name_seen_by", CIRCLES),
        one_of("area_seen_by", CIRCLES),
        one_of("email_seen_by", CIRCLES),
        one_of("phone_seen_by", CIRCLES),
        one_of("about_seen_by", CIRCLES),
        CheckConstraint("number >= 1", name="number_counts_from_one"),
    )

    person_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(10))
    first_name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH_MAX))
    last_name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH_MAX), default="")
    #: First and last name without accents and capitals, for search and order.
    folded_name: Mapped[str] = mapped_column(sa.String(FOLDED_LENGTH_MAX))
    area: Mapped[str] = mapped_column(sa.String(AREA_LENGTH_MAX), default="")
    email: Mapped[str] = mapped_column(sa.String(EMAIL_LENGTH_MAX), default="")
    phone: Mapped[str] = mapped_column(sa.String(PHONE_LENGTH_MAX), default="")
    about: Mapped[str] = mapped_column(sa.Text, default="")
    could_offer: Mapped[str] = mapped_column(sa.Text, default="")
    would_like: Mapped[str] = mapped_column(sa.Text, default="")
    last_name_seen_by: Mapped[str] = mapped_column(sa.String(12), default="coordinator")
    area_seen_by: Mapped[str] = mapped_column(sa.String(12), default="community")
    email_seen_by: Mapped[str] = mapped_column(sa.String(12), default="coordinator")
    phone_seen_by: Mapped[str] = mapped_column(sa.String(12), default="coordinator")
    about_seen_by: Mapped[str] = mapped_column(sa.String(12), default="community")
    #: Version of the house rules agreed to, by themselves or aloud; 0 means none yet.
    rules_version: Mapped[int] = mapped_column(default=0)
    joined_at: Mapped[dt.datetime]

    person: Mapped[Person | None] = relationship()

    @property
    def account_code(self) -> str:
        """The member's number as printed and as the ledger knows it."""
        return f"M{self.number:06d}"

    @property
    def is_here(self) -> bool:
        """Whether the member takes part now: active, neither paused nor left."""
        return self.state == "active"


class MemberEvent(OfCommunity, Base):
    """What was decided about a membership: who, when, why. Never changed."""

    __tablename__ = "member_event"
    __table_args__ = (
        within_community("member", "member_id"),
        within_community("member", "by_member_id"),
        Index(None, "community_id", "member_id", "id"),
        one_of("kind", EVENTS),
        at_most("reason", REASON_LENGTH_MAX),
    )

    member_id: Mapped[uuid.UUID]
    kind: Mapped[str] = mapped_column(sa.String(12))
    #: None where nobody of the community acted, such as the command line.
    by_member_id: Mapped[uuid.UUID | None]
    reason: Mapped[str] = mapped_column(sa.String(REASON_LENGTH_MAX), default="")
    at: Mapped[dt.datetime]


class RoleGrant(OfCommunity, Base):
    """A role a member holds or held; ended, never deleted."""

    __tablename__ = "role_grant"
    __table_args__ = (
        within_community("member", "member_id"),
        within_community("member", "given_by_id"),
        within_community("member", "ended_by_id"),
        Index(None, "community_id", "member_id"),
        Index(
            "uq_role_grant_held",
            "community_id",
            "member_id",
            "role",
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        ),
        one_of("role", ROLES),
    )

    member_id: Mapped[uuid.UUID]
    role: Mapped[str] = mapped_column(sa.String(20))
    given_by_id: Mapped[uuid.UUID | None]
    given_at: Mapped[dt.datetime]
    ended_by_id: Mapped[uuid.UUID | None]
    ended_at: Mapped[dt.datetime | None]


class CodeCard(OfCommunity, Base):
    """A printed card that signs a member in: number and code. The code is kept only as a hash."""

    __tablename__ = "code_card"
    __table_args__ = (
        within_community("member", "member_id"),
        within_community("member", "issued_by_id"),
        Index(None, "community_id", "member_id"),
    )

    member_id: Mapped[uuid.UUID]
    code_hash: Mapped[str] = mapped_column(sa.String(200))
    issued_by_id: Mapped[uuid.UUID | None]
    issued_at: Mapped[dt.datetime]
    stopped_at: Mapped[dt.datetime | None]


class Invitation(OfCommunity, Base):
    """A link that lets somebody join a community that is by invitation."""

    __tablename__ = "invitation"
    __table_args__ = (
        within_community("member", "made_by_id"),
        within_community("member", "used_by_id"),
        UniqueConstraint("community_id", "secret_hash"),
    )

    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32))
    made_by_id: Mapped[uuid.UUID]
    made_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_by_id: Mapped[uuid.UUID | None]
