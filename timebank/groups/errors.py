"""Why something about a group stays as it is, as facts; `views` makes the sentences."""

import datetime as dt

from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError


class GroupNotFoundError(NotFoundError):
    """There is no such group here, or it is not for this person to see."""


class VenueNotFoundError(NotFoundError):
    """The community knows no such place."""


class NoPartInGroupError(NotFoundError):
    """This member has no part in the group, or none that the one who asks may know of."""


class NotYoursToRunError(NotAllowedError):
    """The group is run by its leads."""


class GroupEndedError(ConflictError):
    """The group has come to its end."""


class AlreadyInGroupError(ConflictError):
    """The member belongs to the group already."""


class NotAskedError(ConflictError):
    """Nobody asked, or it was answered in the meantime."""


class LastLeadError(RefusalError):
    """A group needs somebody who runs it."""


class SpeakToTheLeadError(RefusalError):
    """Joining or checking in is not possible just now; the lead of the group knows more."""


class RulesChangedError(ConflictError):
    """The ground rules got a new version after the page was shown."""

    def __init__(self, version: int) -> None:
        super().__init__(version)
        self.version = version


class NoRulesError(NotFoundError):
    """The group has no ground rules yet."""


class WordsMissingError(RefusalError):
    """A few words are needed: the others cannot guess them."""


class DayOutOfRangeError(RefusalError):
    """The day lies where it can not be."""

    def __init__(self, first: dt.date, last: dt.date) -> None:
        super().__init__(first, last)
        self.first = first
        self.last = last


class PlaceTakenError(ConflictError):
    """The community has a place of this name at this address already."""


class RuleDoesNotAddUpError(RefusalError):
    """A crediting rule says something that cannot be posted.

    Attributes:
        reason: A short code, such as ``nobody pays``; `names` has the sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RuleForThePastError(RefusalError):
    """A crediting rule holds from today on at the earliest: what was held stays as it was."""


class MoveNotFoundError(NotFoundError):
    """This pot knows no such move."""


class NotYoursToDecideError(NotAllowedError):
    """Somebody else decides about this pot, or about this move of it."""


class AlreadyApprovedError(ConflictError):
    """One yes from each person counts."""


class OverMutualLimitError(RefusalError):
    """The difference between two pots would grow beyond what the groups agreed.

    Attributes:
        mutual_minutes: How far apart they may be.
        out_minutes: How far this pot has gone ahead of the other by now.
    """

    def __init__(self, mutual_minutes: int, out_minutes: int) -> None:
        super().__init__(mutual_minutes, out_minutes)
        self.mutual_minutes = mutual_minutes
        self.out_minutes = out_minutes


class NotConnectedError(RefusalError):
    """Hours flow between the pots of groups that are connected."""


class TieNotFoundError(NotFoundError):
    """The two groups have nothing to do with each other, or it is not for this person to see."""


class SameGroupError(RefusalError):
    """A group is connected with others."""


class AlreadyConnectedError(ConflictError):
    """The two groups are connected, or one of them has asked and waits."""


class ListError(RefusalError):
    """A list is of no use as a whole.

    Attributes:
        reason: A short code, such as ``no name column``; `commands` has the sentence.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
