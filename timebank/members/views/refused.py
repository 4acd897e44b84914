"""What people read when something of this context cannot be done."""

from timebank.communities.errors import BadSlugError, SlugTakenError, UnknownTimeZoneError
from timebank.members import errors
from timebank.members.views.blueprints import members as bp
from timebank.web.refusals import lead_on_from, say
from timebank.web.words import lazy_gettext as _l

say(errors.MemberNotFoundError, _l("There is nobody here with this number."))
say(
    errors.AlreadyDecidedError,
    _l("Somebody has decided about this already."),
)
say(errors.AlreadyMemberError, _l("You belong here already."))
say(
    errors.JoiningRefusedError,
    _l("You asked to join before, and it was not possible then. Please talk to a coordinator."),
)
say(
    errors.InvitationNeededError,
    _l(
        "You need an invitation to join here, and this one is used up or too old. "
        "Ask whoever gave it to you for a new one."
    ),
)
say(errors.NameMissingError, _l("A first name is needed. Any name people may call you is fine."))
say(
    errors.NoSuchRulesError,
    _l("The house rules have changed since. Open the page again and read them once more."),
)
say(errors.AddressTakenError, _l("Somebody else signs in with this e-mail address."))
say(
    errors.LastCoordinatorError,
    _l(
        "This is the only coordinator. Make somebody else a coordinator first, "
        "so that there is always somebody to help."
    ),
)
say(
    errors.NotHereError,
    _l("This is only possible for somebody who takes part now."),
)
say(errors.RoleHeldError, _l("This person has the role already."))
say(errors.RoleNotHeldError, _l("This person does not have the role any more."))
say(
    errors.LinkGoneError,
    _l("This link was used already, or it is too old. Ask for a new one on the sign-in page."),
)
say(errors.WrongSecretError, _l("These do not belong together. Check both and try again."))
say(
    errors.NotSureItIsYouError,
    _l("To keep others out, please sign in again first, and then do this within ten minutes."),
)
say(
    errors.NoWayBackError,
    _l("Before you choose a password, confirm your e-mail address or get a code card."),
)
say(errors.WeakPasswordError, _l("Others would try this password. Please choose another one."))
say(BadSlugError, _l("“%(slug)s” cannot be a short name: use small letters, digits and hyphens."))
say(SlugTakenError, _l("There is a community with the short name “%(slug)s” already."))
say(UnknownTimeZoneError, _l("“%(time_zone)s” is not a time zone this machine knows."))


lead_on_from(bp, "members.person", "member_id")
