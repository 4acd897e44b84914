"""Write ground rules, and note who took them in."""

import datetime as dt
import uuid
from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.groups import queries
from timebank.groups.errors import NoRulesError, RulesChangedError, WordsMissingError
from timebank.groups.models import Acknowledgement, GroundRules, Group
from timebank.groups.policy.standing import Standing
from timebank.groups.service import telling
from timebank.groups.service.running import check_runs
from timebank.members.models import Member


def write_rules(
    session: Session, group: Group, words: str, *, by: Member, who: Standing, now: dt.datetime
) -> GroundRules:
    """Give a group ground rules. New words are a new version, and everybody is asked again.

    Raises:
        NotYoursToRunError, GroupEndedError: As their names say.
        WordsMissingError: If there are no words.
    """
    session.refresh(group, with_for_update=True)
    check_runs(group, who)
    if not words.strip():
        raise WordsMissingError
    there = queries.ground_rules(session, group)
    if there is not None and there.words == words.strip():
        return there
    group.rules_version += 1
    rules = GroundRules(
        community_id=group.community_id,
        group_id=group.id,
        version=group.rules_version,
        words=words.strip(),
        by_member_id=by.id,
        at=now,
    )
    session.add(rules)
    telling.note(session, group, "rules changed", by=by, now=now)
    session.flush()
    return rules


def acknowledge(
    session: Session,
    group: Group,
    member: Member,
    *,
    version: int,
    by: Member,
    now: dt.datetime,
) -> Acknowledgement:
    """Note that a member took in the ground rules; once more changes nothing.

    The sessions of a group call this at the first check-in, and again after a new version. Where
    `by` is a host and not the member, they went through the rules aloud.

    Args:
        session: The open unit of work; never committed here.
        group: Whose rules.
        member: Who took them in.
        version: The version that was shown.
        by: The member, or the host at the door.
        now: When.

    Raises:
        NoRulesError: If the group has none.
        RulesChangedError: If another version holds by now.
    """
    if not group.rules_version:
        raise NoRulesError
    if version != group.rules_version:
        raise RulesChangedError(group.rules_version)
    there = queries.acknowledgement(session, group, member.id, version)
    if there is not None:
        return there
    row = Acknowledgement(
        community_id=group.community_id,
        group_id=group.id,
        member_id=member.id,
        version=version,
        way="read" if by.id == member.id else "aloud",
        by_member_id=by.id,
        at=now,
    )
    session.add(row)
    session.flush()
    return row


def acknowledge_aloud(
    session: Session,
    group: Group,
    member_ids: Collection[uuid.UUID],
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Note that several heard the rules that hold now, from somebody who read them out.

    Whoever took this version in before is left as they are; without rules there is nothing to note.
    """
    missing = queries.must_hear(session, group, member_ids)
    if not missing:
        return
    session.execute(
        sa.insert(Acknowledgement),
        [
            {
                "community_id": group.community_id,
                "id": new_id(),
                "group_id": group.id,
                "member_id": member_id,
                "version": group.rules_version,
                "way": "aloud",
                "by_member_id": by.id,
                "at": now,
            }
            for member_id in sorted(missing)
        ],
    )
