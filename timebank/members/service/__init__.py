"""Everything that changes who belongs, who may do what, and who is signed in.

Nothing here commits, reads the clock or knows a request.
"""

from timebank.members.service.belonging import (
    Answers,
    add_member,
    agree_to_rules,
    approve,
    bring_back,
    edit_member,
    found_community,
    invite,
    join,
    leave,
    pause,
    refuse,
    resume,
)
from timebank.members.service.cards import issue_card, stop_card
from timebank.members.service.devices import (
    begin_device,
    end_device,
    end_devices,
    see_device,
)
from timebank.members.service.links import (
    Entered,
    Link,
    make_link,
    note_address,
    renew_link,
    use_link,
)
from timebank.members.service.passwords import set_password
from timebank.members.service.proofs import holder_of_card, owner_of_password
from timebank.members.service.roles import end_role, give_role
from timebank.members.service.throttle import Caller, Limit, forgive, take_try

__all__ = [
    "Answers",
    "Caller",
    "Entered",
    "Limit",
    "Link",
    "add_member",
    "agree_to_rules",
    "approve",
    "begin_device",
    "bring_back",
    "edit_member",
    "end_device",
    "end_devices",
    "end_role",
    "forgive",
    "found_community",
    "give_role",
    "holder_of_card",
    "invite",
    "issue_card",
    "join",
    "leave",
    "make_link",
    "note_address",
    "owner_of_password",
    "pause",
    "refuse",
    "renew_link",
    "resume",
    "see_device",
    "set_password",
    "stop_card",
    "take_try",
    "use_link",
]
