"""How a session of the demo is opened, and who comes in by name."""

import datetime as dt
from typing import TYPE_CHECKING

from timebank.groups.policy.standing import Standing
from timebank.members.models import Member
from timebank.sessions import queries, service
from timebank.sessions.models import GroupSession
from timebank.sessions.queries import Held
from timebank.sessions.service import Arrival

if TYPE_CHECKING:
    from timebank.demo.service import Director

LEAD = Standing(part="lead", state="active", is_member=True)
MINUTE = dt.timedelta(minutes=1)


def open_door(
    director: "Director",
    planned: GroupSession,
    hosts: list[Member],
    known: list[Member],
    *,
    now: dt.datetime,
) -> Held:
    """Open a session with those who hold it, and note who comes by name."""
    stage = director.stage
    held = queries.held(stage.session, stage.community.id, planned.id)
    # Who comes is noted at one go; where nobody has a name, that would be one act too many.
    on_duty = hosts[:1] if known else hosts
    service.open_session(
        stage.session,
        held,
        on_duty=on_duty,
        named_version=held.group.rules_version,
        by=hosts[0],
        who=LEAD,
        now=now,
    )
    arrivals = [
        *(Arrival(member=member, role="host") for member in hosts[len(on_duty) :]),
        *(Arrival(member=member) for member in known),
    ]
    if arrivals:
        service.check_in_all(
            stage.session, held, arrivals, way="sheet", by=hosts[0], who=LEAD, now=now
        )
    return held
