"""The blueprint that all these pages share, and the words of what listings refuse and tell."""

from flask import Blueprint

from timebank.listings import errors
from timebank.messaging import notices
from timebank.web.access import COMMUNITY_PREFIX
from timebank.web.refusals import say
from timebank.web.words import lazy_gettext as _l

bp = Blueprint("listings", __name__, url_prefix=COMMUNITY_PREFIX)

say(
    errors.ListingNotFoundError,
    _l("This offer or request is not here. It may have been taken down."),
)
say(errors.CategoryNotFoundError, _l("There is no such category here."))
say(
    errors.CategoryRetiredError,
    _l("This category is not used any more. Go back and choose another one."),
)
say(errors.CategoryTakenError, _l("There is a category called “%(name)s” here already."))
say(errors.NotYoursError, _l("Only the person who put this up can change it."))
say(
    errors.PausedMemberError,
    _l("You are taking a break. End the break on your page, then try again."),
)
say(errors.ClosedListingError, _l("This was taken down. You can put up a new one at any time."))
say(errors.OwnListingError, _l("This is your own, so there is nobody to write to."))
say(
    errors.BadDetailsError,
    _l("Something in it does not fit any more. Go through your answers once and try again."),
)
notices.say("listing ends 7", _l("“%(title)s” is up for one more week. Renew it if you like."))
notices.say("listing ends 1", _l("“%(title)s” is up until tomorrow. Renew it if you like."))
notices.say("urgent request", _l("Somebody asks for help at a hard moment: “%(title)s”."))
