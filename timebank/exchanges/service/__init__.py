"""What members do with an exchange. Each function is one move: load, allowed?, change, book, tell.

All of them take the open unit of work and never commit it. The exchange's row is locked before
anything is decided, so two people who press at the same moment are answered one after the other.
"""

from timebank.exchanges.service.answer import (
    answer_change,
    answer_no,
    answer_yes,
    log_informal,
    report,
    settle,
    thank,
)
from timebank.exchanges.service.arrange import agree, cancel, change, decline, propose
from timebank.exchanges.service.aside import give_back_forgotten, give_back_next
from timebank.exchanges.service.correct import (
    Corrected,
    Right,
    check_not_own,
    correct_entry,
    flag_overdrawn,
    forget_told,
    is_member_code,
    reverse_entry,
    see_to_overdraft,
)
from timebank.exchanges.service.moving import Terms
from timebank.exchanges.service.passing import LIMITS, let_pass
from timebank.exchanges.service.silence import (
    confirm_next_silent,
    confirm_silent,
    remind_next,
)

__all__ = [
    "LIMITS",
    "Corrected",
    "Right",
    "Terms",
    "agree",
    "answer_change",
    "answer_no",
    "answer_yes",
    "cancel",
    "change",
    "check_not_own",
    "confirm_next_silent",
    "confirm_silent",
    "correct_entry",
    "decline",
    "flag_overdrawn",
    "forget_told",
    "give_back_forgotten",
    "give_back_next",
    "is_member_code",
    "let_pass",
    "log_informal",
    "propose",
    "remind_next",
    "report",
    "reverse_entry",
    "see_to_overdraft",
    "settle",
    "thank",
]
