"""The command that brings in the calendar a group kept elsewhere."""

import sys
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from flask_babel import force_locale
from sqlalchemy.orm import Session

from timebank.clock import utc_now
from timebank.communities.commands import community_option, one_community
from timebank.communities.models import Community
from timebank.errors import RefusalError
from timebank.groups import queries as groups
from timebank.groups.errors import GroupNotFoundError
from timebank.imports.commands import OF_NO_USE, SOME_LEFT_OUT, group
from timebank.sessions import calendar_names as names
from timebank.sessions import service
from timebank.sessions.calendars import reading
from timebank.sessions.calendars.reading import CalendarRead
from timebank.sessions.errors import CalendarFileError
from timebank.sessions.service import Brought
from timebank.web.session import run_in_transaction


class _DryRunError(Exception):
    """Carries what would happen out of a transaction that must not last."""

    def __init__(self, brought: Brought) -> None:
        super().__init__("dry run")
        self.brought = brought


def register(_cli: object) -> None:
    """Do nothing: this command stands under `timebank import`, which is registered already."""


@group.command("calendar")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--group", "group_slug", required=True, help="Whose calendar it is: as in addresses.")
@community_option
@click.option("--public", "is_public", is_flag=True, help="Visitors may know of what is new.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and change nothing.")
def calendar(
    *, file: Path, group_slug: str, slug: str | None, is_public: bool, dry_run: bool
) -> None:
    """Plan sessions of a group from FILE, a calendar (.ics) as other programs export it.

    What repeats becomes a series, what does not a single session. The same file may come again:
    what is in already is changed where the file differs, and never doubled. Events that cannot be
    brought in are named and left out, and the command then ends with status 1.
    """
    community = one_community(slug)
    zone = ZoneInfo(community.time_zone)
    # Nobody's browser says here which language to speak; commands speak English.
    with force_locale("en"):
        try:
            today = utc_now().astimezone(zone).date()
            found = reading.read(file.read_bytes(), zone=zone, today=today)
        except CalendarFileError as refusal:
            words = names.file_words(refusal.reason, refusal.facts)
            click.echo(f"Nothing was brought in. {words}", err=True)
            sys.exit(OF_NO_USE)
        brought = _bring_in(community, group_slug, found, is_public=is_public, dry_run=dry_run)
        click.echo(_text(found, brought, dry_run=dry_run))
    sys.exit(SOME_LEFT_OUT if found.left_out or brought.remarks else 0)


def _bring_in(
    community: Community, group_slug: str, found: CalendarRead, *, is_public: bool, dry_run: bool
) -> Brought:
    community_id = community.id

    def work(session: Session) -> Brought:
        here = session.get_one(Community, community_id)
        brought = _bring(session, here, group_slug, found, is_public=is_public)
        if dry_run:
            raise _DryRunError(brought)
        return brought

    try:
        return run_in_transaction(work)
    except _DryRunError as done:
        return done.brought
    except GroupNotFoundError as refusal:
        msg = f"There is no group {group_slug!r}. Its name is the end of its page's address."
        raise click.ClickException(msg) from refusal
    except RefusalError as refusal:
        msg = "This group has come to its end. Nothing can be planned any more."
        raise click.ClickException(msg) from refusal


def _bring(
    session: Session, here: Community, group_slug: str, found: CalendarRead, *, is_public: bool
) -> Brought:
    """Bring it in on the word of whoever runs the group."""
    whose, now = groups.by_slug(session, here.id, group_slug), utc_now()
    leads = groups.acting_leads(session, whose, now=now)
    if not leads:
        msg = "Nobody runs this group. Let a coordinator give somebody that part first."
        raise click.ClickException(msg)
    return service.bring_in(
        session,
        here,
        whose,
        found.plans,
        is_public=is_public,
        taken_back=names.taken_back_words(),
        by=leads[0],
        who=groups.standing_of(session, whose, leads[0], on=here.day_of(now)),
        now=now,
    )


def _text(found: CalendarRead, brought: Brought, *, dry_run: bool) -> str:
    remarks = sorted((*found.remarks, *brought.remarks), key=lambda remark: remark.line)
    lines = [f"{names.which_event(each)}: {names.remark_words(each)}" for each in remarks]
    lines.append(names.left_alone_words(found.left_alone))
    counts = ", ".join(
        f"{brought.count(fate)} {words}"
        for fate, words in (
            ("new", "new"),
            ("changed", "changed"),
            ("known", "here already"),
            ("taken back", "taken back"),
        )
    )
    left_out = len(found.left_out) + len(brought.remarks)
    lines.append(f"{found.event_count} events read: {counts}, {left_out} left out.")
    if dry_run:
        lines.append("This was a dry run: nothing was changed.")
    return "\n".join(filter(None, lines))
