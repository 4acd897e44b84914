"""Everything that changes groups. Functions take the open unit of work and never commit it."""

from timebank.groups.service.belonging import (
    answer_invitation,
    answer_request,
    give_part,
    invite,
    join,
    leave,
)
from timebank.groups.service.bringing import Brought, bring_in_groups, bring_in_venues
from timebank.groups.service.crediting import post_session, write_crediting_rule
from timebank.groups.service.exclusion import (
    answer_appeal,
    appeal,
    exclude,
    lift,
    review,
)
from timebank.groups.service.places import VenueDetails, add_venue, change_venue
from timebank.groups.service.pots import (
    approve,
    ask_pot,
    ask_transfer,
    decline,
    give,
    set_pot_rule,
)
from timebank.groups.service.rules import acknowledge, acknowledge_aloud, write_rules
from timebank.groups.service.running import (
    GroupDetails,
    change_group,
    end_group,
    mark_checked,
    start_group,
    when_a_group_ends,
)
from timebank.groups.service.ties import (
    Agreement,
    answer_tie,
    connect,
    end_tie,
    propose_terms,
)

__all__ = [
    "Agreement",
    "Brought",
    "GroupDetails",
    "VenueDetails",
    "acknowledge",
    "acknowledge_aloud",
    "add_venue",
    "answer_appeal",
    "answer_invitation",
    "answer_request",
    "answer_tie",
    "appeal",
    "approve",
    "ask_pot",
    "ask_transfer",
    "bring_in_groups",
    "bring_in_venues",
    "change_group",
    "change_venue",
    "connect",
    "decline",
    "end_group",
    "end_tie",
    "exclude",
    "give",
    "give_part",
    "invite",
    "join",
    "leave",
    "lift",
    "mark_checked",
    "post_session",
    "propose_terms",
    "review",
    "set_pot_rule",
    "start_group",
    "when_a_group_ends",
    "write_crediting_rule",
    "write_rules",
]
