"""What the database keeps of sessions."""

from timebank.sessions.models.planning import (
    CANCELLED_WORDS_LENGTH_MAX,
    CAPACITY_MAX,
    CLOSED_DAYS_MAX,
    CLOSED_WORDS_LENGTH_MAX,
    DAY_MINUTES,
    LENGTH_MINUTES_MAX,
    RULE_LENGTH_MAX,
    SERIES_STATES,
    SESSION_STATES,
    SIGN_UP_WAYS,
    SOURCE_UID_LENGTH_MAX,
    TITLE_LENGTH_MAX,
    ClosedDay,
    GroupSession,
    Series,
)
from timebank.sessions.models.signing_up import SIGN_UP_STATES, SignUp

__all__ = [
    "CANCELLED_WORDS_LENGTH_MAX",
    "CAPACITY_MAX",
    "CLOSED_DAYS_MAX",
    "CLOSED_WORDS_LENGTH_MAX",
    "DAY_MINUTES",
    "LENGTH_MINUTES_MAX",
    "RULE_LENGTH_MAX",
    "SERIES_STATES",
    "SESSION_STATES",
    "SIGN_UP_STATES",
    "SIGN_UP_WAYS",
    "SOURCE_UID_LENGTH_MAX",
    "TITLE_LENGTH_MAX",
    "ClosedDay",
    "GroupSession",
    "Series",
    "SignUp",
]
