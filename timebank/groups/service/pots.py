"""Hours into pots and out of them: give, ask, decide. Money-grade: booked once, or not at all."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.db import new_id
from timebank.groups import queries
from timebank.groups.errors import (
    AlreadyApprovedError,
    NotAskedError,
    NotConnectedError,
    NotYoursToDecideError,
    OverMutualLimitError,
    WordsMissingError,
)
from timebank.groups.models import Group, PotApproval, PotMove, PotRule
from timebank.groups.policy import pots as policy
from timebank.groups.policy.pots import COMMUNITY_POT
from timebank.groups.policy.standing import Standing
from timebank.groups.service import telling
from timebank.hours import queries as hours_queries
from timebank.hours import service as hours
from timebank.hours.errors import TooFewHoursError
from timebank.members import queries as members
from timebank.members.models import Member
from timebank.messaging import service as messaging

TOPIC = "hours"
ENTRY_KINDS = {"gift": "gift", "grant": "grant", "payment": "grant", "transfer": "gift"}


def give(
    session: Session,
    community: Community,
    code: str,
    *,
    minutes: int,
    words: str,
    by: Member,
    today: dt.date,
    now: dt.datetime,
) -> PotMove:
    """Give hours of one's own to a pot; it is booked at once.

    Raises:
        TooFewHoursError: If the member may not go that low by giving.
        AccountClosedError: If the pot is closed.
    """
    session.refresh(by, with_for_update=True)
    floor = policy.gift_floor(
        community.floor_minutes, community.floor_soft_minutes, community.floor_nudge_minutes
    )
    available = hours_queries.balance_of(session, by).available
    if available - minutes < floor:
        raise TooFewHoursError(
            by.account_code,
            floor_minutes=floor,
            available_minutes=available,
            short_minutes=floor - (available - minutes),
        )
    move = _begin(
        session,
        community,
        code,
        "gift",
        minutes=minutes,
        words=words,
        member=by,
        by=by,
        today=today,
        now=now,
    )
    _book(session, community, move, by=by, now=now)
    return move


def ask_pot(  # noqa: PLR0913 - called by keywords: whom, how much, what for
    session: Session,
    community: Community,
    code: str,
    kind: str,
    *,
    member: Member,
    minutes: int,
    words: str,
    by: Member,
    who: Standing,
    today: dt.date,
    now: dt.datetime,
) -> PotMove:
    """Ask that a pot helps a member (a grant) or pays a host (a payment).

    Whoever decides about the pot and gets nothing of it has said yes by asking.

    Raises:
        NotYoursToDecideError: If `by` does not belong to the pot, or asks a payment without
            deciding about it.
        WordsMissingError: If nothing says what it is for.
        TooFewHoursError: If it is decided at once and the pot may not go that low.
    """
    is_communitys = code == COMMUNITY_POT
    decides = policy.may_decide(who, is_communitys=is_communitys)
    asks = decides if kind == "payment" else policy.may_ask(who, is_communitys=is_communitys)
    if not asks:
        raise NotYoursToDecideError
    if not words.strip():
        raise WordsMissingError
    move = _begin(
        session,
        community,
        code,
        kind,
        minutes=minutes,
        words=words,
        member=member,
        by=by,
        today=today,
        now=now,
    )
    return _decide_or_tell(session, community, move, by=by, who=who, now=now)


def ask_transfer(  # noqa: PLR0913 - as above
    session: Session,
    community: Community,
    code: str,
    other_code: str,
    *,
    minutes: int,
    words: str,
    by: Member,
    who: Standing,
    today: dt.date,
    now: dt.datetime,
) -> PotMove:
    """Let a pot give hours to another pot: for help its people had, or as a gift.

    Between groups this takes a connection, and the difference between the two stays within what
    they agreed. From and to the community's pot it takes none.

    Raises:
        NotYoursToDecideError: If `by` does not decide about the giving pot.
        NotConnectedError, OverMutualLimitError, WordsMissingError: As their names say.
        TooFewHoursError: If it is decided at once and the pot may not go that low.
    """
    decides = policy.may_decide(who, is_communitys=code == COMMUNITY_POT)
    if not decides:
        raise NotYoursToDecideError
    if not words.strip():
        raise WordsMissingError
    _check_limit(session, community, code, other_code, minutes)
    move = _begin(
        session,
        community,
        code,
        "transfer",
        minutes=minutes,
        words=words,
        other_code=other_code,
        by=by,
        today=today,
        now=now,
    )
    return _decide_or_tell(session, community, move, by=by, who=who, now=now)


def approve(
    session: Session,
    community: Community,
    move: PotMove,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> PotMove:
    """Say yes to a move; with the last yes it takes, the hours move in the same transaction.

    Raises:
        NotYoursToDecideError: If `by` does not decide about the pot, or would get the hours.
        AlreadyApprovedError: If they said yes before.
        NotAskedError: If it was settled in the meantime.
        TooFewHoursError: If the pot may not go that low; nothing is noted then.
        OverMutualLimitError: If the two pots have drifted apart since it was asked.
    """
    session.refresh(move, with_for_update=True)
    if move.state != "waiting":
        raise NotAskedError
    decides = policy.may_decide(who, is_communitys=move.pot_code == COMMUNITY_POT)
    approved = queries.approvals(session, move)
    if by.id in approved:
        raise AlreadyApprovedError
    if not policy.may_approve(move, by_id=by.id, decides=decides, approved=approved):
        raise NotYoursToDecideError
    session.add(PotApproval(community_id=community.id, move_id=move.id, member_id=by.id, at=now))
    session.flush()
    needed = policy.approvals_needed(
        move.minutes, queries.two_above(session, community.id, move.pot_code)
    )
    if len(approved) + 1 >= needed:
        if move.other_code is not None:
            _check_limit(session, community, move.pot_code, move.other_code, move.minutes)
        _book(session, community, move, by=by, now=now)
        _tell(session, community, move, "pot-booked", by=by, now=now)
    return move


def decline(
    session: Session,
    community: Community,
    move: PotMove,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Say no to a move, or take one's own question back.

    Raises:
        NotYoursToDecideError: If `by` neither asked nor decides.
        NotAskedError: If it was settled in the meantime.
    """
    session.refresh(move, with_for_update=True)
    if move.state != "waiting":
        raise NotAskedError
    decides = policy.may_decide(who, is_communitys=move.pot_code == COMMUNITY_POT)
    if by.id == move.asked_by_id:
        move.state = "withdrawn"
    elif decides:
        move.state = "declined"
        _tell(session, community, move, "pot-declined", by=by, now=now)
    else:
        raise NotYoursToDecideError
    move.settled_at = now


def set_pot_rule(
    session: Session,
    community: Community,
    code: str,
    *,
    two_above_minutes: int,
    floor_minutes: int,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> None:
    """Say from when on two people decide about a pot, and how low it may go.

    Raises:
        NotYoursToDecideError: If `by` does not coordinate the community.
    """
    if not who.is_coordinator:
        raise NotYoursToDecideError
    rule = queries.pot_rule(session, community.id, code)
    if rule is None:
        rule = PotRule(community_id=community.id, pot_code=code)
        session.add(rule)
    rule.two_above_minutes, rule.changed_by_id, rule.changed_at = two_above_minutes, by.id, now
    hours.set_limits(
        session,
        community,
        code,
        floor_minutes=floor_minutes,
        ceiling_minutes=None,
        by=by,
        reason=None,
        now=now,
    )


def _begin(  # noqa: PLR0913 - as above
    session: Session,
    community: Community,
    code: str,
    kind: str,
    *,
    minutes: int,
    words: str,
    by: Member,
    today: dt.date,
    now: dt.datetime,
    member: Member | None = None,
    other_code: str | None = None,
) -> PotMove:
    move = PotMove(
        community_id=community.id,
        id=new_id(),
        pot_code=code,
        kind=kind,
        member_id=member.id if member is not None else None,
        other_code=other_code,
        minutes=minutes,
        words=words.strip(),
        happened_on=today,
        state="waiting",
        asked_by_id=by.id,
        asked_at=now,
    )
    session.add(move)
    session.flush()
    return move


def _decide_or_tell(
    session: Session,
    community: Community,
    move: PotMove,
    *,
    by: Member,
    who: Standing,
    now: dt.datetime,
) -> PotMove:
    """Count the asker's yes where it counts, and ask the others where it takes more."""
    decides = policy.may_decide(who, is_communitys=move.pot_code == COMMUNITY_POT)
    if policy.may_approve(move, by_id=by.id, decides=decides, approved=()):
        approve(session, community, move, by=by, who=who, now=now)
    if move.state == "waiting":
        _tell_deciders(session, community, move, by=by, now=now)
    return move


def _book(
    session: Session, community: Community, move: PotMove, *, by: Member, now: dt.datetime
) -> None:
    """Move the hours. The key is the move's own, so whatever happens twice is booked once."""
    other = move.other_code or _member(session, move).account_code
    leg = (other, move.pot_code) if move.kind == "gift" else (move.pot_code, other)
    outcome = hours.move(
        session,
        community,
        kind=ENTRY_KINDS[move.kind],
        legs=[(*leg, move.minutes)],
        happened_on=move.happened_on,
        category=f"pot.{move.kind}",
        key=f"pot:{move.id}",
        by=by,
        now=now,
    )
    move.state, move.settled_at, move.entry_id = "booked", now, outcome.entry_id
    session.flush()


def _check_limit(
    session: Session, community: Community, code: str, other_code: str, minutes: int
) -> None:
    if COMMUNITY_POT in {code, other_code}:
        return
    by_pot = queries.groups_by_pot(session, community.id)
    tie = queries.tie_between(session, by_pot[code], by_pot[other_code])
    terms = queries.agreed_terms(session, tie) if tie is not None else None
    if tie is None or terms is None or tie.state != "joined":
        raise NotConnectedError
    session.refresh(tie, with_for_update=True)
    net = queries.net_minutes(session, community.id, code, other_code)
    if not policy.within_limit(net, minutes, terms.mutual_minutes):
        raise OverMutualLimitError(terms.mutual_minutes, net)


def _member(session: Session, move: PotMove) -> Member:
    if move.member_id is None:
        raise LookupError(move.id)
    return members.get(session, move.community_id, move.member_id)


def _group(session: Session, community: Community, code: str) -> Group | None:
    return queries.groups_by_pot(session, community.id).get(code)


def _path(group: Group | None) -> str:
    return f"pots/{group.slug if group is not None else policy.COMMUNITY}"


def _tell(
    session: Session,
    community: Community,
    move: PotMove,
    kind: str,
    *,
    by: Member,
    now: dt.datetime,
) -> None:
    """Tell whoever asked, and whoever gets the hours, what became of it."""
    group = _group(session, community, move.pot_code)
    keys = {move.asked_by_id, move.member_id} - {by.id, None}
    told = members.several(session, community.id, [key for key in keys if key is not None])
    for member in told.values():
        _say(session, member, TOPIC, kind, group, move, now=now)


def _tell_deciders(
    session: Session, community: Community, move: PotMove, *, by: Member, now: dt.datetime
) -> None:
    group = _group(session, community, move.pot_code)
    deciding = {each.id: each for each in members.holders(session, community.id, "coordinator")}
    others = (
        members.holders(session, community.id, "treasurer")
        if group is None
        else queries.acting_leads(session, group, now=now)
    )
    deciding |= {each.id: each for each in others}
    for member in deciding.values():
        if member.id not in {by.id, move.member_id}:
            _say(session, member, telling.TOPIC_WORK, "pot-asked", group, move, now=now)


def _say(
    session: Session,
    member: Member,
    topic: str,
    kind: str,
    group: Group | None,
    move: PotMove,
    *,
    now: dt.datetime,
) -> None:
    name = group.name if group is not None else ""
    messaging.tell(
        session,
        member,
        topic=topic,
        kind=kind if group is not None else f"{kind} community",
        facts={"group": name, "minutes": move.minutes},
        path=_path(group),
        now=now,
    )
