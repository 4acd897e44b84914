"""Everything that changes sessions. Functions take the open unit of work and never commit it."""

from timebank.sessions.service.closing import Came, close_session, correct_session, legs_of_entry
from timebank.sessions.service.counting import count
from timebank.sessions.service.door import (
    Arrival,
    check_in,
    check_in_all,
    check_out,
    make_code,
    open_session,
    set_stay,
)
from timebank.sessions.service.partners import answer_partner, ask_partner, end_partner
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
from timebank.sessions.service.swaps import ask_to_swap, remind_next, say_no, stop_asking, take_over

__all__ = [
    "Arrival",
    "Came",
    "Repeat",
    "RoleDetails",
    "SessionDetails",
    "add_role",
    "answer",
    "answer_partner",
    "ask_partner",
    "ask_to_swap",
    "change_role",
    "check_in",
    "check_in_all",
    "check_out",
    "close_session",
    "correct_session",
    "count",
    "end_partner",
    "end_role",
    "legs_of_entry",
    "make_ahead",
    "make_code",
    "open_session",
    "plan_series",
    "plan_session",
    "put_down",
    "put_name_down",
    "remind_next",
    "say_no",
    "set_need",
    "set_stay",
    "step_back",
    "stop_asking",
    "take_over",
]
