"""Everything that changes sessions. Functions take the open unit of work and never commit it."""

from timebank.sessions.service.planning import (
    Repeat,
    SessionDetails,
    make_ahead,
    plan_series,
    plan_session,
)

__all__ = ["Repeat", "SessionDetails", "make_ahead", "plan_series", "plan_session"]
