"""What a closing posts, as tables: who was there, whose hours move, what each group has of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import g

from timebank.db import db
from timebank.groups import names as group_names
from timebank.groups.models import Group
from timebank.groups.policy.shares import Leg
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.sessions import door_names as names
from timebank.sessions.policy import closing as policy
from timebank.sessions.policy.closing import Person
from timebank.sessions.queries import Held
from timebank.web.filters import hours_label, hours_signed
from timebank.web.words import gettext as _
from timebank.web.words import ngettext

#: Names said in a line of people to whom the same happens; of the others how many they are.
NAMES_IN_LINE = 12


@dataclass(frozen=True, slots=True)
class _Line:
    words: str
    minutes: int


def who_was_there(people: Sequence[Person], by_code: Mapping[str, Member]) -> list[list[str]]:
    """Return who was there: those who held it one by one, the others by how long they stayed."""
    rows = [
        [
            _("%(name)s, paid", name=by_code[each.code].first_name)
            if each.is_paid
            else by_code[each.code].first_name,
            str(names.ROLE_NAMES[each.role]),
            hours_label(each.minutes),
        ]
        for each in people
        if each.holds or each.is_paid
    ]
    others: dict[int, list[str]] = {}
    for each in people:
        if not (each.holds or each.is_paid):
            others.setdefault(each.minutes, []).append(by_code[each.code].first_name)
    rows += [
        [
            _in_a_line(called),
            str(names.ROLE_NAMES["participant"]),
            hours_label(minutes)
            if len(called) == 1
            else _("%(hours)s each", hours=hours_label(minutes)),
        ]
        for minutes, called in sorted(others.items(), reverse=True)
    ]
    return rows


def moves(
    held: Held, people: Sequence[Person], by_code: Mapping[str, Member], legs: Sequence[Leg]
) -> list[list[str]]:
    """Return what moves, account by account, and that it comes to nothing together."""
    moved = policy.moved_by(legs)
    lines: list[_Line] = []
    same: dict[int, list[str]] = {}
    for each in people:
        minutes = moved.pop(each.code, 0)
        if each.is_paid:
            lines.append(_Line(_("%(name)s, paid", name=by_code[each.code].first_name), minutes))
        elif minutes:
            same.setdefault(minutes, []).append(by_code[each.code].first_name)
    for minutes, called in sorted(same.items(), reverse=True):
        words = _in_a_line(called)
        if len(called) > 1:
            words = _("%(names)s: each %(hours)s", names=words, hours=hours_signed(minutes))
        lines.append(_Line(words, minutes * len(called)))
    lines += _others(held, moved)
    if not legs:
        return []
    total = sum(line.minutes for line in lines)
    return [[line.words, hours_signed(line.minutes)] for line in lines] + [
        [_("Together"), hours_signed(total)]
    ]


def _others(held: Held, moved: Counter[str]) -> list[_Line]:
    """Return the lines of pots and sources."""
    pots = {group.account_code: group for group in held.groups}
    found = []
    for code, minutes in sorted(moved.items()):
        if code in pots:
            found.append(_Line(_("The pot of %(group)s", group=pots[code].name), minutes))
        elif minutes:
            found.append(_Line(_activity(code), minutes))
    return found


def changes(held: Held, before: Sequence[Leg], after: Sequence[Leg]) -> list[list[str]]:
    """Return for each account that changes what it got, what is right, and the difference."""
    was, right = policy.moved_by(before), policy.moved_by(after)
    codes = sorted(policy.changed_codes(was, right))
    numbers = [int(code[1:]) for code in codes if code.startswith("M")]
    called = {
        member.account_code: member.first_name
        for member in members.by_numbers(db.session(), g.community.id, numbers)
    }
    pots = {
        group.account_code: _("The pot of %(group)s", group=group.name) for group in held.groups
    }
    return [
        [
            called.get(code) or pots.get(code) or _activity(code),
            hours_signed(was[code]),
            hours_signed(right[code]),
            hours_signed(right[code] - was[code]),
        ]
        for code in codes
    ]


def _activity(code: str) -> str:
    activity = group_names.activity_name(code.removeprefix("activity-"))
    return _("Recognised: %(activity)s", activity=activity)


def shares(shares: Sequence[tuple[object, Group]]) -> list[list[str]]:
    """Return what each group has of a session held together; nothing where it was held alone."""
    if len(shares) < 2:  # noqa: PLR2004 - together is two
        return []
    return [
        [
            group.name,
            str(share.contacts),  # type: ignore[attr-defined]  # drafted or written down
            hours_label(share.hosted_minutes),  # type: ignore[attr-defined]  # likewise
        ]
        for share, group in shares
    ]


def _in_a_line(called: Sequence[str]) -> str:
    """Return names as a line; of many the first ones, and how many more they are."""
    first = ", ".join(called[:NAMES_IN_LINE])
    more = len(called) - NAMES_IN_LINE
    if more <= 0:
        return first
    return ngettext("%(names)s and %(num)d more", "%(names)s and %(num)d more", more, names=first)
