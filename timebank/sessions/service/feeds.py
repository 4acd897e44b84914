"""A member's calendar feed: made, changed, given a new address, ended."""

import datetime as dt
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import Session

from timebank.db import new_id
from timebank.members.models import Member
from timebank.members.queries import hash_secret
from timebank.sessions.errors import FeedNotFoundError
from timebank.sessions.models import FeedToken
from timebank.sessions.queries import feed_of

SECRET_BYTES = 24


def make_feed(
    session: Session,
    member: Member,
    *,
    has_titles: bool = False,
    has_groups: bool = False,
    now: dt.datetime,
) -> str:
    """Give a member's feed a new address, and return the secret in it: it is not kept.

    The address before, if there was one, leads nowhere from now on.
    """
    feed = session.scalar(
        sa.select(FeedToken)
        .where(FeedToken.community_id == member.community_id, FeedToken.member_id == member.id)
        .with_for_update()
    )
    if feed is None:
        feed = FeedToken(community_id=member.community_id, id=new_id(), member_id=member.id)
        session.add(feed)
    secret = secrets.token_urlsafe(SECRET_BYTES)
    feed.secret_hash, feed.made_at, feed.ended_at = hash_secret(secret), now, None
    feed.has_titles, feed.has_groups = has_titles, has_groups
    session.flush()
    return secret


def choose_feed(session: Session, member: Member, *, has_titles: bool, has_groups: bool) -> None:
    """Choose what a feed says; its address stays.

    Raises:
        FeedNotFoundError: If they have none.
    """
    feed = feed_of(session, member)
    if feed is None:
        raise FeedNotFoundError
    feed.has_titles, feed.has_groups = has_titles, has_groups


def end_feed(session: Session, member: Member, *, now: dt.datetime) -> None:
    """Let a feed's address lead nowhere. Where there is none, nothing happens."""
    feed = feed_of(session, member)
    if feed is not None:
        feed.ended_at = now
