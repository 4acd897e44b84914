"""Everything that changes sessions. Functions take the open unit of work and never commit it."""

from timebank.sessions.service.planning import (
    Repeat,
    SessionDetails,
    make_ahead,
    plan_series,
    plan_session,
)
from timebank.sessions.service.rota import (
    RoleDetails,
    add_role,
    answer,
    change_role,
    end_role,
    put_down,
    put_name_down,
    set_need,
    step_back,
)
from timebank.sessions.service.swaps import (
    ask_to_swap,
    remind_next,
    say_no,
    stop_asking,
    take_over,
)

__all__ = [
    "Repeat",
    "RoleDetails",
    "SessionDetails",
    "add_role",
    "answer",
    "ask_to_swap",
    "change_role",
    "end_role",
    "make_ahead",
    "plan_series",
    "plan_session",
    "put_down",
    "put_name_down",
    "remind_next",
    "say_no",
    "set_need",
    "step_back",
    "stop_asking",
    "take_over",
]
