"""The sentences that say why something about a session stays as it is."""

from timebank.errors import RefusalError
from timebank.groups.errors import DayOutOfRangeError
from timebank.sessions import errors, names
from timebank.web.fields import PageForm
from timebank.web.filters import day, short_day
from timebank.web.pages import put_beside
from timebank.web.refusals import say, words_of
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

say(errors.SessionNotFoundError, _l("There is no such session here."))
say(errors.SeriesNotFoundError, _l("There is no such plan here."))
say(errors.ClosedDayNotFoundError, _l("This closed day was taken back already."))
say(
    errors.NotYoursToPlanError,
    _l("Sessions are planned by the people who hold them or run the group."),
)
say(
    errors.RuleNotUnderstoodError,
    _l("Nobody could follow this rule. Choose how often and on which days."),
)
say(
    errors.LengthError,
    _l("It begins and ends at the same time. Choose another end; after midnight is fine too."),
)
say(
    errors.EndsBeforeItStartsError,
    _l("The last day comes before the first. Change one of them."),
)
say(
    errors.AlreadyHeldError,
    _l("This session has begun, is over or was cancelled in the meantime. Nothing was changed."),
)
say(
    errors.DoorStillOpenError,
    _l("The door of “%(title)s” is open. Close it first, so that its hours are posted."),
)
say(
    errors.SeriesEndedError,
    _l("This plan has come to its end. Plan a new one, and it goes on."),
)
say(
    errors.HostUnknownError,
    _l("Whoever holds a session belongs to the group. Choose somebody from the list."),
)
say(
    errors.OverAlreadyError,
    _l("This time is over. Choose one that is still to come."),
)
say(
    errors.NotExpectedError,
    _l("This session is over or does not take place. Have a look at what is on instead."),
)
say(errors.DropInError, _l("No need to sign up here: simply come."))
say(
    errors.ComeInFirstError,
    _l("This group likes to get to know you first. Ask to come in on the page of the group."),
)


def refused(form: PageForm, refusal: RefusalError) -> None:
    """Put a refusal that the person can mend beside what they typed; pass any other on."""
    put_beside(form, refusal, sentence)


def sentence(refusal: RefusalError) -> str:
    """Return a refusal's sentence, with its facts in words."""
    if isinstance(refusal, errors.NeverHappensError):
        return str(names.NEVER_NAMES[refusal.reason])
    if isinstance(refusal, errors.ClosedThatDayError):
        return _closed_words(refusal)
    if isinstance(refusal, errors.TooLongClosedError):
        return _("At most %(days)d days are closed at once. Choose fewer.", days=refusal.days_max)
    if isinstance(refusal, DayOutOfRangeError):
        return _(
            "Choose a day between %(first)s and %(last)s.",
            first=short_day(refusal.first),
            last=short_day(refusal.last),
        )
    return words_of(refusal)


def _closed_words(refusal: errors.ClosedThatDayError) -> str:
    if refusal.words:
        return _(
            "%(day)s is a closed day (%(why)s). Choose another day.",
            day=day(refusal.day),
            why=refusal.words,
        )
    return _("%(day)s is a closed day. Choose another day.", day=day(refusal.day))
