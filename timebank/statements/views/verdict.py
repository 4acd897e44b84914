"""A check of the books in words, for everybody who reads of it."""

import datetime as dt
from typing import Any

from timebank.clock import utc_now
from timebank.hours import auditing
from timebank.hours.models import BooksCheck
from timebank.statements import pictures
from timebank.statements.names import SOURCES
from timebank.statements.standing import Sides, Standing
from timebank.web.filters import clock_time, day, hours_label, local, moment_words, today
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l
from timebank.web.words import ngettext

#: Why the books could not be exported, and what to do.
AHEAD = _l(
    "The exported books hold hours that are gone from the database; perhaps an old backup was put"
    " back. Keep the exported books, change nothing, and tell whoever looks after this site."
)
FOREIGN = _l(
    "Something in the folder of the exported books was changed, or is not ours. Ask whoever looks"
    " after this site to look there."
)
#: Why a check was stopped.
STOPPED = {
    "time": _l("It took longer than it may."),
    "memory": _l("It took more memory than it may."),
    "space": _l("The books could not be written to the disk. Perhaps it is full."),
    "ahead": AHEAD,
    "foreign": FOREIGN,
    "fault": _l("It broke off in the middle."),
}
#: What came of a night.
OUTCOMES = {
    "right": _l("The books were right"),
    "wrong": _l("Something was found"),
    "stopped": _l("The check was stopped"),
    "none": _l("No check"),
}
#: Who holds hours, and who got help for hours they will give.
HELD = {
    "member": _l("Members, to spend"),
    "pot": _l("Pots"),
    "neighbour": _l("Other communities"),
}
GIVEN = {
    "member": _l("Members, to give back"),
    "pot": _l("Pots, to give back"),
    "neighbour": _l("Other communities, to give back"),
}
#: After so long without a check somebody should look why.
OVERDUE_AFTER = dt.timedelta(days=2)


def when_words(moment: dt.datetime) -> str:
    """Say when something was checked: the time alone if it was today."""
    time = clock_time(moment)
    if local(moment).date() == today():
        return _("today at %(time)s", time=time)
    return _("on %(day)s at %(time)s", day=day(moment), time=time)


def banner_of(standing: Standing) -> dict[str, str]:
    """Say what the last check found: kind, title and words of a banner."""
    check = standing.latest
    if check is None or check.ended_at is None:
        return {
            "kind": "note",
            "title": _("Nobody has checked the books yet"),
            "words": _("The first check comes tonight, or as soon as somebody asks for it."),
        }
    when = when_words(check.ended_at)
    if check.outcome == "wrong":
        return {
            "kind": "careful",
            "title": _("Checked %(when)s: something is not right", when=when),
            "words": _("Tell whoever looks after this site. Do not change anything until then."),
        }
    if check.outcome == "stopped":
        return {
            "kind": "careful",
            "title": _("The check %(when)s was stopped", when=when),
            "words": _("%(why)s So we do not know. Ask for another one.", why=why_words(check)),
        }
    is_old = utc_now() - check.ended_at > OVERDUE_AFTER
    return {
        "kind": "note" if is_old else "good",
        "title": _right_title(check.year, when, is_old=is_old),
        "words": _right_words(check, standing.whole),
    }


def _right_title(year: int | None, when: str, *, is_old: bool) -> str:
    if year is None and is_old:
        return _("Last checked %(when)s: the books were right", when=when)
    if year is None:
        return _("Checked %(when)s: the books are right", when=when)
    if is_old:
        return _("Last checked %(when)s: the books of %(year)d were right", when=when, year=year)
    return _("Checked %(when)s: the books of %(year)d are right", when=when, year=year)


def _right_words(check: BooksCheck, whole: BooksCheck | None) -> str:
    """Say what was read, and where that was one year alone, when all of them were."""
    entries = entries_words(check.entries or 0)
    if check.year is None:
        return _(
            "A separate program read all %(entries)s from the exported books: each one is as it was"
            " recorded, none is missing, and every balance is what the entries come to.",
            entries=entries,
        )
    words = _(
        "A separate program read all %(entries)s of %(year)d from the exported books: each one is"
        " as it was recorded, none is missing, and every balance is what the entries come to.",
        entries=entries,
        year=check.year,
    )
    return f"{words} {_all_years_words(whole)}"


def _all_years_words(whole: BooksCheck | None) -> str:
    if whole is None or whole.ended_at is None:
        return _("All years have not been read in one go yet; that is done once a week.")
    when = when_words(whole.ended_at)
    if whole.outcome == "right":
        return _("All years were last read %(when)s, and were right.", when=when)
    return _("All years were last to be read %(when)s. That was stopped.", when=when)


def scope_words(check: BooksCheck) -> str:
    """Say what a check read, or was to read."""
    if check.is_whole:
        return _("All years")
    return str(check.year) if check.year is not None else _("The newest year")


def why_words(check: BooksCheck) -> str:
    """Say why a check was stopped."""
    return str(STOPPED[check.stop or "fault"])


def entries_words(count: int) -> str:
    """Say how many entries: `1 entry`, `18 204 entries`."""
    number = f"{count:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return ngettext("%(number)s entry", "%(number)s entries", count, number=number)


def finding_rows(check: BooksCheck) -> list[str]:
    """Say what a check found, each thing with its place in the books.

    Balances that are wrong because of it are one line.
    """
    rows = []
    causes, following = auditing.causes_of(check)
    for finding in causes:
        where = str(finding.get("file") or "")
        if where and finding.get("line"):
            where = _("%(file)s, line %(line)d", file=where, line=int(finding["line"]))
        rows.append(": ".join(filter(None, (where, str(finding.get("detail", ""))))))
    if following:
        rows.append(
            ngettext(
                "And %(num)d balance that follows from it.",
                "And %(num)d balances that follow from it.",
                following,
            )
        )
    return rows


def facts_of(standing: Standing, *, entries: int, chain: str) -> list[dict[str, Any]]:
    """Return the facts about the books that one writes down."""
    facts: list[dict[str, Any]] = [
        {"key": _("Entries"), "value": entries_words(entries)},
        {"key": _("Head of the chain"), "value": chain},
    ]
    facts += [
        {"key": key, "value": f"{moment_words(check.ended_at)}: {OUTCOMES[check.outcome]}"}
        for key, check in (
            (_("The newest year last read"), standing.latest),
            (_("All years last read"), standing.whole),
        )
        if check is not None and check.ended_at is not None and check.outcome is not None
    ]
    if standing.sealed_at is not None:
        sealed = _(
            "%(when)s, over %(entries)s",
            when=moment_words(standing.sealed_at),
            entries=entries_words(standing.sealed_size),
        )
        facts.append({"key": _("Last sealed"), "value": sealed})
    return facts


def strip_of(standing: Standing) -> dict[str, Any]:
    """Return the last nights as a picture, in words and as a table."""
    found = standing.nights
    outcomes = [outcome for _on, outcome in found]
    right = outcomes.count("right")
    words = ngettext(
        "In the last %(nights)d nights the books were checked once, and right.",
        "In the last %(nights)d nights the books were checked and right %(num)d times.",
        right,
        nights=len(outcomes),
    )
    others = [
        _("%(what)s: %(count)d", what=str(OUTCOMES[name]), count=outcomes.count(name))
        for name in ("wrong", "stopped")
        if name in outcomes
    ]
    return {
        "picture": pictures.strip(outcomes),
        "words": " ".join([words, *(f"{each}." for each in others)]),
        "rows": [
            [day(on), str(OUTCOMES[outcome])]
            for on, outcome in reversed(found)
            if outcome != "none"
        ],
    }


def sides_of(sides: Sides) -> dict[str, Any]:
    """Return who holds hours and where they came from, as a picture and as a table."""
    held = [(str(HELD.get(name) or _source(name)), minutes) for name, minutes in sides.held]
    given = [(str(GIVEN.get(name) or _source(name)), minutes) for name, minutes in sides.given]
    names = _("Who holds hours"), _("Where they came from")
    return {
        "picture": pictures.bands(
            [
                (name, [(words, minutes, hours_label(minutes)) for words, minutes in side])
                for name, side in zip(names, (held, given), strict=True)
            ]
        ),
        "words": _(
            "%(hours)s on each side: both bands are equally long, because every hour that somebody"
            " holds came from somewhere.",
            hours=hours_label(sides.held_minutes),
        ),
        "rows": [
            [name, words, hours_label(minutes)]
            for name, side in zip(names, (held, given), strict=True)
            for words, minutes in side
        ],
    }


def _source(code: str) -> str:
    return str(SOURCES.get(code, code))
