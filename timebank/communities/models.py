"""What a time bank decides about itself."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import CheckConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, MappedColumn, mapped_column

from timebank.db import Base, OfCommunity, at_most, new_id, one_of, within_community

SLUG_LENGTH_MAX = 40
NAME_LENGTH_MAX = 80
WORDS_LENGTH_MAX = 1000
RULES_LENGTH_MAX = 4000
HELP_LENGTH_MAX = 300
TIME_ZONE_LENGTH_MAX = 40
JOINING = ("open", "approval", "invitation")
#: What becomes of help that two people gave each other for the same time: nothing moves, or each is
#: credited with what they gave, out of a source of the book.
MUTUAL_HELP = ("even", "credited")
#: When hours are set aside for what is agreed.
SETTING_ASIDE = ("never", "agreed")
LOCALES = ("en", "da", "es", "ca")
ROUNDING_MINUTES = (1, 5, 6, 10, 15, 30)
#: Longest single exchange, in minutes, whatever a community allows.
EXCHANGE_MINUTES_MAX = 24 * 60
CONFIRM_DAYS_MAX = 60
#: Furthest a community may let a balance go, either way, in minutes.
LIMIT_MINUTES_MAX = 1000 * 60
#: The lines a balance may reach, from the lowest to the highest, with zero in the middle: where no
#: more hours move, where somebody has a chat, where we drop a line; and the same on the way up.
LIMITS = (
    "floor_minutes",
    "floor_soft_minutes",
    "floor_nudge_minutes",
    "ceiling_nudge_minutes",
    "ceiling_soft_minutes",
    "ceiling_minutes",
)
#: What a coordinator can change; the history names them so.
SETTINGS = (
    "name",
    "words",
    "help_words",
    "locale",
    "time_zone",
    "joining",
    "rounding_minutes",
    "exchange_minutes_max",
    *LIMITS,
    "confirm_days",
    "silent_minutes_max",
    "mutual_help",
    "setting_aside",
    "house_rules",
)


def limit_checks() -> tuple[CheckConstraint, ...]:
    """Hold the six `LIMITS` of a table to their range and their order; None is no line at all."""
    ranges = [
        CheckConstraint(
            f"{name} BETWEEN -{LIMIT_MINUTES_MAX} AND 0"
            if name.startswith("floor")
            else f"{name} BETWEEN 0 AND {LIMIT_MINUTES_MAX}",
            name=f"{name}_in_range",
        )
        for name in LIMITS
    ]
    orders = [
        CheckConstraint(
            f"{low} <= {middle} AND {middle} <= {high} AND {low} <= {high}", name=f"{side}_in_order"
        )
        for side, (low, middle, high) in (("floor", LIMITS[:3]), ("ceiling", LIMITS[3:]))
    ]
    return (*ranges, *orders)


def _line(minutes: int, *further: str) -> MappedColumn[int | None]:
    """Draw a line here by default, or nearer to zero where one that comes after it is nearer."""

    def default(context: DefaultExecutionContext) -> int:
        given = context.get_current_parameters()  # type: ignore[no-untyped-call]
        drawn: list[int] = [given[name] for name in further if given.get(name) is not None]
        return max([minutes, *drawn]) if minutes < 0 else min([minutes, *drawn])

    # `evaluates_none`, or a community that wants no such line would quietly get this one.
    return mapped_column(sa.Integer().evaluates_none(), default=default)


class Community(Base):
    """A time bank: the tenant that every other row belongs to.

    `member_count` hands out member numbers and `pot_count` those of pots, of which the community's
    own is the first; they only grow. The six `LIMITS` hold for every member who was given none of
    their own; those towards the floor are zero or less, and None is no line.
    """

    __tablename__ = "community"
    __table_args__ = (
        at_most("slug", SLUG_LENGTH_MAX),
        at_most("name", NAME_LENGTH_MAX),
        at_most("words", WORDS_LENGTH_MAX),
        at_most("house_rules", RULES_LENGTH_MAX),
        at_most("help_words", HELP_LENGTH_MAX),
        one_of("joining", JOINING),
        one_of("setting_aside", SETTING_ASIDE),
        one_of("locale", LOCALES),
        one_of("mutual_help", MUTUAL_HELP),
        CheckConstraint(f"rounding_minutes IN {ROUNDING_MINUTES}", name="rounding_minutes_known"),
        CheckConstraint(
            f"exchange_minutes_max BETWEEN 1 AND {EXCHANGE_MINUTES_MAX}",
            name="exchange_minutes_max_in_range",
        ),
        *limit_checks(),
        CheckConstraint(
            f"confirm_days BETWEEN 1 AND {CONFIRM_DAYS_MAX}", name="confirm_days_in_range"
        ),
        CheckConstraint(
            f"silent_minutes_max BETWEEN 0 AND {EXCHANGE_MINUTES_MAX}",
            name="silent_minutes_max_in_range",
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LENGTH_MAX), unique=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LENGTH_MAX))
    words: Mapped[str] = mapped_column(sa.Text, default="")
    locale: Mapped[str] = mapped_column(sa.String(2), default="en")
    time_zone: Mapped[str] = mapped_column(sa.String(TIME_ZONE_LENGTH_MAX), default="Europe/London")
    joining: Mapped[str] = mapped_column(sa.String(10), default="approval")
    rounding_minutes: Mapped[int] = mapped_column(default=15)
    exchange_minutes_max: Mapped[int] = mapped_column(default=8 * 60)
    # Gentle from the start: a word and a chat, and a stop only where a community wants one.
    floor_minutes: Mapped[int | None] = mapped_column(default=None)
    floor_soft_minutes: Mapped[int | None] = _line(-4 * 60, "floor_minutes")
    floor_nudge_minutes: Mapped[int | None] = _line(-2 * 60, "floor_minutes", "floor_soft_minutes")
    ceiling_nudge_minutes: Mapped[int | None] = _line(
        20 * 60, "ceiling_minutes", "ceiling_soft_minutes"
    )
    ceiling_soft_minutes: Mapped[int | None] = _line(40 * 60, "ceiling_minutes")
    ceiling_minutes: Mapped[int | None] = mapped_column(default=None)
    #: Days of silence after which a reported exchange counts as confirmed.
    confirm_days: Mapped[int] = mapped_column(default=7)
    #: Longest exchange that silence may confirm, in minutes; 0 means silence never does.
    silent_minutes_max: Mapped[int] = mapped_column(default=4 * 60)
    mutual_help: Mapped[str] = mapped_column(sa.String(10), default="even")
    #: Whether hours are set aside as soon as both have agreed.
    setting_aside: Mapped[str] = mapped_column(sa.String(10), default="never")
    house_rules: Mapped[str] = mapped_column(sa.Text, default="")
    house_rules_version: Mapped[int] = mapped_column(default=1)
    #: Who to turn to: phone, person, place. Shown at the foot of every page.
    help_words: Mapped[str] = mapped_column(sa.Text, default="")
    member_count: Mapped[int] = mapped_column(default=0)
    pot_count: Mapped[int] = mapped_column(default=1, server_default="1")
    created_at: Mapped[dt.datetime]

    def day_of(self, moment: dt.datetime) -> dt.date:
        """Return the day that a moment falls on where the community is."""
        return moment.astimezone(ZoneInfo(self.time_zone)).date()


class CommunityChange(OfCommunity, Base):
    """A setting that was changed: who, when, before and after. Never changed itself.

    Values are kept as text; None stands for no limit.
    """

    __tablename__ = "community_change"
    __table_args__ = (
        within_community("member", "by_member_id"),
        one_of("setting", SETTINGS),
    )

    setting: Mapped[str] = mapped_column(sa.String(24))
    before: Mapped[str | None] = mapped_column(sa.Text)
    after: Mapped[str | None] = mapped_column(sa.Text)
    #: None where nobody of the community acted, such as the command line.
    by_member_id: Mapped[uuid.UUID | None]
    at: Mapped[dt.datetime]
