"""Why something about a session stays as it is, as facts; `views` makes the sentences."""

import datetime as dt

from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError


class SessionNotFoundError(NotFoundError):
    """There is no such session here, or it is not for this person to see."""


class SeriesNotFoundError(NotFoundError):
    """The group has no such series."""


class NotYoursToPlanError(NotAllowedError):
    """Sessions are planned by those who hold them or run the group."""


class RuleNotUnderstoodError(RefusalError):
    """A rule for dates that nobody could follow.

    Attributes:
        rule: What it said.
    """

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


class NeverHappensError(RefusalError):
    """A series has no date at all.

    Attributes:
        reason: A short code: ``no such day``, ``ends too soon``, ``all over`` or ``always closed``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LengthError(RefusalError):
    """A session lasts at least a minute and at most a day."""


class EndsBeforeItStartsError(RefusalError):
    """The last day comes before the first."""


class ClosedThatDayError(RefusalError):
    """The group, or the whole community, is closed on that day.

    Attributes:
        day: The day.
        words: Why it is closed, as somebody wrote it.
    """

    def __init__(self, day: dt.date, words: str) -> None:
        super().__init__(day, words)
        self.day = day
        self.words = words


class AlreadyHeldError(ConflictError):
    """The session was opened, closed or cancelled in the meantime, or it is over."""


class DoorStillOpenError(RefusalError):
    """A group does not end while one of its sessions is open: its hours could not be posted.

    Attributes:
        title: What it is called.
    """

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.title = title


class SeriesEndedError(ConflictError):
    """The series has come to its end."""


class HostUnknownError(RefusalError):
    """Whoever holds a session belongs to the group."""


class RoleNotFoundError(NotFoundError):
    """Nothing here needs such a role."""


class ShiftNotFoundError(NotFoundError):
    """There is no such part on a rota, or it is none of this person's."""


class SwapNotFoundError(NotFoundError):
    """Nobody asks this, or it is none of this person's."""


class NotYoursToStaffError(NotAllowedError):
    """What a rota needs, and who else is on it, is for those who run the group to say."""


class NotInGroupError(NotAllowedError):
    """A rota is kept by those who belong to the group."""


class LeadPutsDownError(NotAllowedError):
    """This role is given by those who run the group."""


class RotaOverError(ConflictError):
    """The session has begun, was cancelled, or falls on a closed day."""


class PlacesTakenError(ConflictError):
    """As many as are needed come already."""


class AlreadyOnRotaError(ConflictError):
    """They are on this rota already, or were asked."""


class AnsweredError(ConflictError):
    """It was answered, taken or withdrawn in the meantime."""


class BusyThenError(RefusalError):
    """The one who asks is on the rota of another session at the same time.

    Attributes:
        title: What the other session is called.
    """

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self.title = title


class SomebodyBusyError(RefusalError):
    """Somebody else is on another rota at that time; which one is theirs to say."""


class RoleTwiceError(RefusalError):
    """There is a role of that name already."""


class TooManyRolesError(RefusalError):
    """More roles than fit on a rota.

    Attributes:
        most: How many fit.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class NoUseToAskError(RefusalError):
    """This person can not take the part over: they are not in the group, or come anyway."""


class NeededError(RefusalError):
    """A number of people that no rota takes.

    Attributes:
        most: The most one role takes.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class NoRoleChosenError(RefusalError):
    """Somebody put their name down and did not say what for."""


# ------------------------------------------------------------------------------ the door


class NotYoursToHoldError(NotAllowedError):
    """The door is kept by those who hold the group's sessions or run it."""


class NotOpenError(ConflictError):
    """The door of the session is not open.

    Attributes:
        state: What the session is instead, one of `models.SESSION_STATES`.
    """

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class TooEarlyToOpenError(RefusalError):
    """A session opens on its day.

    Attributes:
        opens_at: From when on it can be opened.
    """

    def __init__(self, opens_at: dt.datetime) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at


class NobodyOnDutyError(RefusalError):
    """Somebody has to hold a session that opens."""


class NobodyOfStaffError(RefusalError):
    """The group's sessions open only while somebody paid for it is there."""


class BoundariesNotNamedError(RefusalError):
    """The boundaries of the day are named before the door opens."""


class RulesFirstError(RefusalError):
    """The ground rules come before the check-in.

    Attributes:
        version: The version to be taken in.
    """

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class TooManyKnownError(RefusalError):
    """No more people can be noted by name; the others are counted without."""


class NotThereError(ConflictError):
    """They are not noted as being there."""


class NobodyToTakeBackError(ConflictError):
    """Nobody is counted who could be taken back."""


class NobodyCountedError(RefusalError):
    """A count says how many, within reason."""


class CodeUnknownError(NotFoundError):
    """No session has, or had, this code."""


# --------------------------------------------------------------------------- the closing


class AlreadyClosedError(ConflictError):
    """Somebody closed the session in the meantime; theirs counts."""


class NotClosedYetError(ConflictError):
    """What is not closed needs no putting right."""


class ChangedMeanwhileError(RefusalError):
    """Somebody came or went after the page was shown: what it says would not be what is posted."""


class EndOutOfRangeError(RefusalError):
    """A session ends after it began, and not later than now or than it was planned to.

    Attributes:
        starts_at: When it began.
        latest_at: The latest end that can be written down.
    """

    def __init__(self, starts_at: dt.datetime, latest_at: dt.datetime) -> None:
        super().__init__(starts_at, latest_at)
        self.starts_at = starts_at
        self.latest_at = latest_at


class CountedElsewhereError(RefusalError):
    """Hours have moved at another session for minutes that somebody is noted for here.

    Attributes:
        people: How many of those here that is true of.
    """

    def __init__(self, people: int) -> None:
        super().__init__(people)
        self.people = people


class FewerThanKnownError(RefusalError):
    """There can not have been fewer people than there are names.

    Attributes:
        known: How many are noted by name.
    """

    def __init__(self, known: int) -> None:
        super().__init__(known)
        self.known = known


class MoreFirstTimersThanPeopleError(RefusalError):
    """Nobody can be there for the first time who was not there."""


class ReasonNeededError(RefusalError):
    """Those whose hours change read why."""


class NothingToPutRightError(RefusalError):
    """Everything would stay as it is."""


class AlreadyPartnerError(ConflictError):
    """The two groups hold this together, or one of them was asked and has not answered."""


class NoPartnerError(NotFoundError):
    """That group has no part in this session."""


class TooManyPartnersError(RefusalError):
    """A session is held by a handful of groups at most."""


class OverAlreadyError(RefusalError):
    """A session cannot be moved to a time that is over."""


class NotExpectedError(ConflictError):
    """The session is over, or it does not happen: nobody is expected."""


class DropInError(RefusalError):
    """One simply comes to this session."""


class ComeInFirstError(RefusalError):
    """The group would like to get to know people before they come to its sessions."""


class ClosedDayNotFoundError(NotFoundError):
    """There is no such closed day here, or it was taken back."""


class TooLongClosedError(RefusalError):
    """A closed time has a greatest length.

    Attributes:
        days_max: How many days it may have.
    """

    def __init__(self, days_max: int) -> None:
        super().__init__(days_max)
        self.days_max = days_max


class FeedNotFoundError(NotFoundError):
    """No calendar has this address, or not any more."""


class CalendarFileError(RefusalError):
    """A calendar file is of no use as a whole.

    Attributes:
        reason: A short code, such as ``no events``; `names` has the sentence.
        facts: What the sentence needs.
    """

    def __init__(self, reason: str, **facts: object) -> None:
        super().__init__(reason, facts)
        self.reason = reason
        self.facts = {name: str(value) for name, value in facts.items()}


class EventError(CalendarFileError):
    """One event of a calendar file cannot be brought in, whatever becomes of the others."""


# ----------------------------------------------------------------------------- from a list


class NotOverYetError(RefusalError):
    """A list says who was at a session that is not over."""


class OpenRightNowError(ConflictError):
    """The door of the session is open; it is closed there."""


class SeveralThatDayError(RefusalError):
    """A group has several sessions on a day, and a list does not say which it means."""


class ListedAnotherTimeError(RefusalError):
    """What was planned for that day was called off, and a list says that it was held."""
