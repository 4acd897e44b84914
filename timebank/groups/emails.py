"""The sentences that tell members what became of a group; a mail's subject stays neutral."""

from timebank.messaging.notices import say
from timebank.web.words import lazy_gettext as _l


def register() -> None:
    """Give each kind of notice its sentence."""
    say("group-started", _l("%(name)s started a group: %(group)s."))
    say("group-joined", _l("%(name)s came into %(group)s."))
    say("group-asked", _l("%(name)s would like to come into %(group)s."))
    say("group-answer-yes", _l("Welcome: you belong to %(group)s now."))
    say("group-answer-no", _l("%(group)s has no place for you just now."))
    say("group-invited", _l("%(name)s invites you into %(group)s."))
    say("group-part-lead", _l("%(name)s asks you to run %(group)s together."))
    say("group-part-host", _l("You host sessions of %(group)s now."))
    say("group-part-member", _l("You come along to %(group)s now, without a task."))
    say("group-tie-asked", _l("%(other)s would like to be connected with %(group)s."))
    say("group-tie-terms", _l("%(other)s proposes something else to %(group)s."))
    say("group-tie-yes", _l("%(other)s said yes to %(group)s."))
    say("group-tie-no", _l("%(other)s said no to %(group)s this time."))
    say("group-tie-ended", _l("%(other)s and %(group)s are not connected any more."))
    say("pot-asked", _l("The pot of %(group)s is asked for %(hours)s."))
    say("pot-booked", _l("%(hours)s moved out of the pot of %(group)s."))
    say("pot-declined", _l("The pot of %(group)s keeps its hours this time."))
    say("pot-asked community", _l("The community’s pot is asked for %(hours)s."))
    say("pot-booked community", _l("%(hours)s moved out of the community’s pot."))
    say("pot-declined community", _l("The community’s pot keeps its hours this time."))
    say("group-ended", _l("%(group)s has come to its end."))
    # No more than this leaves the page: who reads over a shoulder learns nothing.
    say("group-word", _l("There is something for you to read from a group."))
    say("group-appeal", _l("Somebody asks that a decision of %(group)s is looked at again."))
