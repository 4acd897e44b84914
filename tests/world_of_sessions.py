"""Sessions for the guards that walk over every route: what is planned, open, and closed."""

import datetime as dt

from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.groups import service as groups
from timebank.groups.models import Group
from timebank.groups.queries import standing_of
from timebank.groups.service import Agreement, GroupDetails
from timebank.members.models import Member
from timebank.sessions import queries as session_queries
from timebank.sessions import service as sessions

MONTH = dt.timedelta(days=32)


def rota(
    session: Session,
    community: Community,
    group: Group,
    member: Member,
    helper: Member,
    now: dt.datetime,
) -> dict[str, object]:
    """Plan sessions that need somebody: the member was asked, and may take the helper's part."""
    lead = standing_of(session, group, member, on=now.date())
    # The helper is in many groups, and nobody is on two rotas at one time.
    repeat = sessions.Repeat(
        rrule="FREQ=WEEKLY;BYDAY=SU",
        starts_on=now.date() + dt.timedelta(days=21),
        starts_minute=group.number * 60 % (24 * 60),
        length_minutes=30,
    )
    series = sessions.plan_series(
        session,
        community,
        group,
        sessions.SessionDetails(title="Sundays", is_public=True, sign_up="sign-up"),
        repeat,
        by=member,
        who=lead,
        now=now,
    )
    role = sessions.add_role(
        session, group, series, sessions.RoleDetails(name="Tea", needed=4), who=lead
    )
    planned = session_queries.sessions_between(
        session, community.id, group_id=group.id, begin=now, end=now + MONTH
    )[0]
    asked = sessions.put_down(
        session, group, planned, role.id, member, by=helper, who=lead, now=now
    )
    part = sessions.put_name_down(session, group, planned, role.id, by=helper, now=now)
    swap = sessions.ask_to_swap(session, group, planned, part, asked=member, by=helper, now=now)
    closed = sessions.close_days(
        session,
        community,
        group,
        from_on=now.date(),
        until_on=now.date(),
        words="The hall is let",
        by=member,
        who=lead,
        now=now,
    )
    return {
        "session_id": planned.id,
        "series_id": series.id,
        "closed_id": closed.id,
        "role_id": role.id,
        "shift_id": asked.id,
        "swap_id": swap.id,
        "answer in rota": "no",
    }


def doors(
    session: Session,
    community: Community,
    group: Group,
    member: Member,
    helper: Member,
    now: dt.datetime,
) -> dict[str, object]:
    """Hold two sessions of a group, one still open; another group is asked to hold it too."""
    lead, found = standing_of(session, group, member, on=now.date()), []
    yesterday = now.date() - dt.timedelta(days=1)
    for title in ("Open still", "Held"):
        planned = sessions.plan_session(
            session,
            community,
            group,
            sessions.SessionDetails(title=title),
            day_on=yesterday,
            starts_minute=0,
            length_minutes=60,
            who=lead,
            now=now,
        )
        held = session_queries.held(session, community.id, planned.id)
        sessions.open_session(
            session, held, on_duty=[helper], named_version=1, by=member, who=lead, now=now
        )
        found.append(planned)
    is_open, closed = found
    held = session_queries.held(session, community.id, closed.id)
    sessions.close_session(session, community, held, sessions.Came(), by=member, who=lead, now=now)
    chess = groups.start_group(
        session, community, GroupDetails(name=f"Chess of {group.slug}"), by=helper, now=now
    )
    theirs = standing_of(session, chess, helper, on=now.date())
    groups.connect(session, group, chess, Agreement(), by=member, who=lead, now=now)
    groups.answer_tie(session, chess, group, yes=True, by=helper, who=theirs, now=now)
    partner = sessions.ask_partner(
        session,
        is_open,
        group,
        chess,
        by=member,
        who=lead,
        who_there=standing_of(session, chess, member, on=now.date()),
        now=now,
    )
    code = session_queries.code_of(session, is_open)
    assert code is not None
    opened = dict.fromkeys(
        [f"session_id in {part}" for part in ("door", "open", "close", "sheet", "poster")],
        is_open.id,
    )
    shut = dict.fromkeys([f"session_id in {part}" for part in ("correct", "closings")], closed.id)
    return (
        opened
        | shut
        | {
            "member_id in door": helper.id,
            "code in c": code.token,
            "kind in together": "sessions",
            "about_id": is_open.id,
            "partner_id": partner.id,
            "answer in together": "end",
        }
    )
