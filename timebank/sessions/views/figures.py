"""Sessions in figures: by month and year, day by day, and what each figure was counted from."""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, g, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date

from timebank.db import db
from timebank.groups.errors import GroupNotFoundError
from timebank.groups.models import Group
from timebank.groups.policy import standing
from timebank.listings.models import WEEKDAYS
from timebank.members.models import Member
from timebank.sessions import queries
from timebank.sessions.policy import figures as policy
from timebank.sessions.policy.figures import Came, Figures
from timebank.sessions.queries import ALL_YEAR, Time
from timebank.sessions.views import pictures
from timebank.sessions.views.frame import bp, seen
from timebank.sessions.views.lines import is_member
from timebank.sessions.views.rosters import SHORT_DAYS
from timebank.web.access import Access, access
from timebank.web.filters import day, hours_label, today
from timebank.web.pages import page
from timebank.web.sheet import sheet
from timebank.web.words import gettext as _

MONTHS = range(1, 13)
#: Sessions on one page.
SESSIONS_A_PAGE = 60
PAIRS_MAX = 160


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose figures of which year somebody asks for, and how much of them they may see.

    Attributes:
        group: None for the whole community.
        years: Those that can be chosen, the latest first.
    """

    group: Group | None
    is_exact: bool
    year: int
    years: Sequence[int]

    @property
    def name(self) -> str:
        """Whose figures they are."""
        found: str = g.community.name if self.group is None else self.group.name
        return found

    def to(self, endpoint: str, **values: object) -> str:
        """Return the address of another page of these figures."""
        if self.group is not None:
            values["group_slug"] = self.group.slug
        where = "group_" if self.group is not None else "community_"
        return url_for(f"sessions.{where}{endpoint}", **({"year": self.year} | values))  # type: ignore[arg-type]

    def came(self, month: int | None = None) -> list[Came]:
        """Return what the sessions of the year, or of a month of it, came to."""
        time = self.time(month)
        return queries.came(db.session(), g.community.id, time, group=self.group)

    def time(self, month: int | None = None) -> Time:
        """Return the year, or a month of it."""
        return queries.month_of(self.year, month) if month else queries.year_of(self.year)


def _of_group(group_slug: str, *, exact: bool = False) -> Asked:
    """Load a group's figures; with `exact`, only for those who may see all of them."""
    found = seen(group_slug)
    is_exact = policy.may_see_exact(found.who)
    if exact and not is_exact:
        raise GroupNotFoundError
    return _asked(found.group, is_exact=is_exact)


def _of_community() -> Asked:
    return _asked(None, is_exact=standing.COORDINATOR in g.roles)


def _asked(group: Group | None, *, is_exact: bool) -> Asked:
    years = queries.years(db.session(), g.community.id, group=group) or [today().year]
    said = request.args.get("year", "")
    year = next((each for each in years if str(each) == said), years[0])
    return Asked(group, is_exact, year, years)


def _month_asked() -> int | None:
    said = request.args.get("month", "")
    return next((month for month in MONTHS if str(month) == said), None)


# ------------------------------------------------------------------------------ the year


@bp.get("/groups/<group_slug>/figures")
@access(Access.ANYONE)
def group_figures(group_slug: str) -> ResponseReturnValue:
    """Show what the sessions of a group came to in a year."""
    return _year(_of_group(group_slug))


@bp.get("/figures")
@access(Access.ANYONE)
def community_figures() -> ResponseReturnValue:
    """Show what all sessions of the community came to in a year."""
    asked = _of_community()
    came = asked.came()
    return _year(asked, came, groups=_groups(asked, came))


def _year(
    asked: Asked, came: list[Came] | None = None, *, groups: dict[str, Any] | None = None
) -> ResponseReturnValue:
    came = asked.came() if came is None else came
    people = queries.people_by_month(db.session(), g.community.id, asked.year, group=asked.group)
    shows_contacts = asked.is_exact and request.args.get("show") != "sessions"
    return page(
        "sessions/figures.html",
        asked=asked,
        others=[
            (str(year), asked.to("figures", year=year), year == asked.year) for year in asked.years
        ],
        has_any=bool(came),
        is_together=any(each.was_together for each in came),
        **(_exact(asked, came, people) if asked.is_exact else _public(asked, came, people)),
        heat=_heat(asked, came, contacts=shows_contacts),
        shows_contacts=shows_contacts,
        groups=groups,
    )


def _exact(asked: Asked, came: Sequence[Came], people: Mapping[int, int]) -> dict[str, Any]:
    months, total = policy.by_month(came), policy.summed(came)
    listed = asked.to("sessions")
    # Names are a group's: who holds one sees its own.
    named = asked.to("people") if asked.group is not None else None
    return {
        "tiles": [
            (total.sessions, _("sessions"), listed),
            (total.contacts, _("contacts"), listed),
            (people.get(ALL_YEAR, 0), _("people by name"), named),
            (total.without_name, _("contacts without a name"), listed),
            (total.first_timers, _("for the first time"), listed),
            (hours_label(total.credited_minutes), _("to people, in the books"), listed),
        ],
        "head": [
            _("Month"),
            *(
                {"words": words, "number": True}
                for words in (
                    *(_("Sessions"), _("Contacts"), _("People"), _("Without a name")),
                    *(_("First time"), _("Hours of hosting"), _("Hours to people")),
                )
            ),
        ],
        "rows": [
            [_month_cell(asked, month), *_cells(months[month], people.get(month, 0))]
            for month in months
        ],
        "foot": [_("The year"), *_cells(total, people.get(ALL_YEAR, 0))] if months else None,
    }


def _cells(found: Figures, people: int) -> list[str]:
    return [
        *(str(found.sessions), str(found.contacts), str(people), str(found.without_name)),
        str(found.first_timers),
        hours_label(found.hosted_minutes),
        hours_label(found.credited_minutes),
    ]


def _month_cell(asked: Asked, month: int) -> dict[str, str]:
    return {"value": month_name(month), "href": asked.to("sessions", month=month)}


def month_name(month: int) -> str:
    """Return the name of a month by itself."""
    return str(format_date(dt.date(2000, month, 1), "LLLL"))


def _public(asked: Asked, came: Sequence[Came], people: Mapping[int, int]) -> dict[str, Any]:
    """Return the figures that everybody may see: small numbers of people are hidden."""
    months, total = policy.by_month(came), policy.summed(came)
    contacts = policy.contacts_for_everybody(came)
    # People of a month may be people of another: their year is no sum, and is shown by itself.
    by_name = policy.for_everybody([people.get(month, 0) for month in months])
    year_people = policy.for_everybody([people.get(ALL_YEAR, 0)]).values[0]
    return {
        "tiles": [
            (total.sessions, _("sessions"), asked.to("sessions")),
            (few(contacts.total), _("contacts"), None),
            (few(year_people), _("people by name"), None),
        ],
        "head": [
            _("Month"),
            *(
                {"words": words, "number": True}
                for words in (_("Sessions"), _("Contacts"), _("People"))
            ),
        ],
        "rows": [
            [
                _month_cell(asked, month),
                str(found.sessions),
                few(contacts.values[number]),
                few(by_name.values[number]),
            ]
            for number, (month, found) in enumerate(months.items())
        ],
        "foot": [_("The year"), str(total.sessions), few(contacts.total), few(year_people)]
        if months
        else None,
    }


def few(number: int | None) -> str:
    """Return a number as everybody may see it."""
    return _("not shown") if number is None else str(number)


def _heat(asked: Asked, came: Sequence[Came], *, contacts: bool) -> dict[str, Any]:
    counts = policy.by_day(came, lambda each: each.contacts if contacts else 1)
    drawn = pictures.heat_calendar(counts, asked.year)
    sums: dict[int, Counter[int]] = {}
    for when, count in counts.items():
        sums.setdefault(when.month, Counter())[when.weekday()] += count
    return {
        "drawn": drawn,
        "months": [(month_name(month)[:3], x, y) for month, x, y in drawn.months],
        "days": [
            (str(SHORT_DAYS[weekday]), weekday >= pictures.SATURDAY, y) for weekday, y in drawn.days
        ],
        "levels": [
            {
                "side": level.side,
                "words": f"{level.first}–{level.last}"
                if level.last and level.last > level.first
                else str(level.first)
                if level.last
                else _("%(first)d or more", first=level.first),
            }
            for level in drawn.levels
            if level.path
        ],
        "head": [_("Month"), *(str(short) for short in SHORT_DAYS), _("Together")],
        "rows": [
            [
                month_name(month),
                *(str(sums[month][weekday]) for weekday in WEEKDAYS),
                str(sums[month].total()),
            ]
            for month in sorted(sums)
        ],
    }


def _groups(asked: Asked, came: Sequence[Came]) -> dict[str, Any]:
    """Return the figures of each group of the community, by name."""
    found = policy.by_group(came)
    named = sorted(
        (
            (group, found[group.id])
            for group in queries.groups_named(db.session(), g.community.id, found.keys())
            if asked.is_exact or g.member is not None or standing.may_see(group, standing.VISITOR)
        ),
        key=lambda pair: pair[0].folded,
    )
    contacts: Sequence[int | None] = [each.contacts for _group, each in named]
    if not asked.is_exact:
        contacts = [
            value if value == 0 or value >= policy.SHOWN_MIN else None
            for value in (each.contacts for _group, each in named)
        ]
    return {
        "head": [
            _("Group"),
            {"words": _("Sessions"), "number": True},
            {"words": _("Contacts"), "number": True},
        ],
        "rows": [
            [
                {
                    "value": group.name,
                    "href": url_for(
                        "sessions.group_figures", group_slug=group.slug, year=asked.year
                    ),
                },
                str(each.sessions),
                few(contacts[number]),
            ]
            for number, (group, each) in enumerate(named)
        ],
    }


# ------------------------------------------------------- what it was counted from


@bp.get("/groups/<group_slug>/figures/sessions")
@access(Access.ANYONE)
def group_sessions(group_slug: str) -> ResponseReturnValue:
    """List the sessions that a group's figures were counted from."""
    return _sessions(_of_group(group_slug))


@bp.get("/figures/sessions")
@access(Access.ANYONE)
def community_sessions() -> ResponseReturnValue:
    """List the sessions that the community's figures were counted from."""
    return _sessions(_of_community())


def _sessions(asked: Asked) -> ResponseReturnValue:
    month = _month_asked()
    came = asked.came(month)
    part = _part_asked(len(came))
    shown = came[part * SESSIONS_A_PAGE : (part + 1) * SESSIONS_A_PAGE]
    return page(
        "sessions/figures_sessions.html",
        asked=asked,
        when=f"{month_name(month)} {asked.year}" if month else str(asked.year),
        head=_session_head(asked),
        rows=[_session_row(asked, each) for each in shown],
        total=len(came),
        earlier=_to_part(asked, month, part - 1) if part else None,
        later=_to_part(asked, month, part + 1)
        if (part + 1) * SESSIONS_A_PAGE < len(came)
        else None,
    )


def _part_asked(count: int) -> int:
    said = request.args.get("part", "")
    number = int(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0  # noqa: PLR2004 - figures of a page's number
    return min(number, max(0, (count - 1) // SESSIONS_A_PAGE))


def _to_part(asked: Asked, month: int | None, part: int) -> str:
    return asked.to("sessions", **({"month": month} if month else {}), part=part)


def _session_head(asked: Asked) -> list[Any]:
    numbers = [_("Contacts"), _("By name"), _("First time"), _("Hours to people")]
    shown = numbers if asked.is_exact else []
    return [_("Day"), _("Session"), *({"words": words, "number": True} for words in shown)]


def _session_row(asked: Asked, each: Came) -> list[Any]:
    title: Any = each.title if each.is_public else _("A session for members")
    if is_member():
        title = {
            "value": each.title,
            "href": url_for("sessions.show", session_id=each.session_id),
        }
    facts = [day(each.day_on), title]
    if asked.is_exact:
        facts += [
            *(str(each.contacts), str(each.by_name), str(each.first_timers)),
            hours_label(each.credited_minutes),
        ]
    return facts


@bp.get("/groups/<group_slug>/figures/people")
@access(Access.MEMBER)
def group_people(group_slug: str) -> ResponseReturnValue:
    """List who was there by name, for those who hold or run the group."""
    asked, month = _of_group(group_slug, exact=True), _month_asked()
    named = queries.people_named(db.session(), g.community.id, asked.time(month), group=asked.group)
    return page(
        "sessions/figures_people.html",
        asked=asked,
        when=f"{month_name(month)} {asked.year}" if month else str(asked.year),
        rows=[[member.first_name, str(times)] for member, times in named],
        is_cut=len(named) == queries.PEOPLE_MAX,
    )


@bp.get("/groups/<group_slug>/figures.csv")
@access(Access.MEMBER)
def group_csv(group_slug: str) -> ResponseReturnValue:
    """Give a year of a group to a spreadsheet, one row for each session."""
    return _csv(_of_group(group_slug, exact=True))


@bp.get("/figures.csv")
@access(Access.COORDINATOR)
def community_csv() -> ResponseReturnValue:
    """Give a year of the community to a spreadsheet, one row for each session."""
    return _csv(_of_community())


#: What stands in the files, in this order.
FACTS = (
    *("day", "session", "contacts", "by_name", "without_name", "first_timers"),
    *("hosted_minutes", "to_members_minutes", "into_pots_minutes", "out_of_pots_minutes"),
)


def _csv(asked: Asked) -> Response:
    lines = [
        [
            *(each.day_on.isoformat(), each.title, each.contacts, each.by_name),
            *(each.without_name, each.first_timers),
            sum(share.hosted_minutes for share in each.shares),
            *(each.credited_minutes, each.into_pots_minutes, each.out_of_pots_minutes),
        ]
        for each in asked.came()
    ]
    answer = Response(sheet([list(FACTS), *lines]), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="sessions-{asked.year}.csv"'
    return answer


# ------------------------------------------------------------------------ who meets whom


@bp.get("/groups/<group_slug>/figures/met")
@access(Access.MEMBER)
def group_met(group_slug: str) -> ResponseReturnValue:
    """Show who was at sessions of a group with whom, for those who hold or run it."""
    asked = _of_group(group_slug, exact=True)
    session, key, time = db.session(), g.community.id, asked.time()
    named = queries.people_named(session, key, time, group=asked.group)
    has_names = request.args.get("names") != "no"
    return page(
        "sessions/met.html",
        asked=asked,
        has_names=has_names,
        **_met(
            [member for member, _times in named],
            queries.met(session, key, time, group=asked.group),
            has_names=has_names,
        ),
    )


def _met(
    people: Sequence[Member],
    met: Mapping[tuple[uuid.UUID, uuid.UUID], int],
    *,
    has_names: bool,
) -> dict[str, Any]:
    places = {member.id: number for number, member in enumerate(people)}
    names = [
        member.first_name if has_names else _("Person %(number)d", number=number)
        for number, member in enumerate(people, start=1)
    ]
    pairs = {
        (min(places[one], places[other]), max(places[one], places[other])): times
        for (one, other), times in met.items()
        if one in places and other in places
    }
    listed = sorted(pairs.items())
    return {
        "circle": pictures.circle(names, pairs) if pairs else None,
        "rows": [
            [names[one], names[other], str(times)] for (one, other), times in listed[:PAIRS_MAX]
        ],
        "left_out": max(0, len(listed) - PAIRS_MAX),
        "alone": [
            names[number]
            for number in range(len(people))
            if not any(number in pair for pair in pairs)
        ],
    }
