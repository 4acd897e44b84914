"""Everything that changes sessions. Functions take the open unit of work and never commit it."""

from timebank.groups.service import when_a_group_ends
from timebank.sessions.service.bringing import Brought, Fate, bring_in
from timebank.sessions.service.closed_days import close_days, open_again
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
from timebank.sessions.service.entering import Entered, Listed, enter_held
from timebank.sessions.service.feeds import choose_feed, end_feed, make_feed
from timebank.sessions.service.once import write_what_is_left
from timebank.sessions.service.one_date import (
    Time,
    cancel_session,
    change_session,
    details_of,
    give_back,
    time_of,
)
from timebank.sessions.service.partners import answer_partner, ask_partner, end_partner
from timebank.sessions.service.planning import (
    Repeat,
    SessionDetails,
    make_ahead,
    next_dates,
    plan_series,
    plan_session,
)
from timebank.sessions.service.roles import RoleDetails, add_role, change_role, end_role, set_need
from timebank.sessions.service.rota import answer, put_down, put_name_down, step_back
from timebank.sessions.service.series import (
    change_series,
    end_series,
    let_go,
    make_next_ahead,
    repeat_of,
)
from timebank.sessions.service.signing_up import (
    move_up,
    move_up_next,
    remind_next_coming,
    sign_up,
    withdraw,
)
from timebank.sessions.service.swaps import (
    ask_to_swap,
    remind_next,
    say_no,
    stop_asking,
    take_over,
    tell_next_gap,
)
from timebank.sessions.service.taps import forget_old_taps
from timebank.sessions.service.time_zone import Changed, change_time_zone

__all__ = [
    "Arrival",
    "Brought",
    "Came",
    "Changed",
    "Entered",
    "Fate",
    "Listed",
    "Repeat",
    "RoleDetails",
    "SessionDetails",
    "Time",
    "add_role",
    "answer",
    "answer_partner",
    "ask_partner",
    "ask_to_swap",
    "bring_in",
    "cancel_session",
    "change_role",
    "change_series",
    "change_session",
    "change_time_zone",
    "check_in",
    "check_in_all",
    "check_out",
    "choose_feed",
    "close_days",
    "close_session",
    "correct_session",
    "count",
    "details_of",
    "end_feed",
    "end_partner",
    "end_role",
    "end_series",
    "enter_held",
    "forget_old_taps",
    "give_back",
    "legs_of_entry",
    "make_ahead",
    "make_code",
    "make_feed",
    "make_next_ahead",
    "move_up",
    "move_up_next",
    "next_dates",
    "open_again",
    "open_session",
    "plan_series",
    "plan_session",
    "put_down",
    "put_name_down",
    "remind_next",
    "remind_next_coming",
    "repeat_of",
    "say_no",
    "set_need",
    "set_stay",
    "sign_up",
    "step_back",
    "stop_asking",
    "take_over",
    "tell_next_gap",
    "time_of",
    "withdraw",
    "write_what_is_left",
]

when_a_group_ends(let_go)
