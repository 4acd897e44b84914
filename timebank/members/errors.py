"""What membership and signing in refuse."""

import uuid
from collections.abc import Sequence

from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError


class MemberNotFoundError(NotFoundError):
    """Nobody here has this id or number."""


class AlreadyDecidedError(ConflictError):
    """Somebody has decided about this membership since the page was shown.

    Args:
        state: What the membership is now.
    """

    def __init__(self, state: str) -> None:
        """Keep what it is now."""
        super().__init__(state)
        self.state = state


class AlreadyMemberError(ConflictError):
    """This person belongs here already, or has asked to."""


class JoiningRefusedError(NotAllowedError):
    """This person was refused here before; only a coordinator can let them in."""


class InvitationNeededError(NotAllowedError):
    """This community is joined by invitation, and the invitation is missing, used or too old."""


class NameMissingError(RefusalError):
    """A member needs a first name, whatever else stays unknown."""


class NoSuchRulesError(ConflictError):
    """The house rules never had this version.

    Args:
        version: The version somebody is said to have read.
    """

    def __init__(self, version: int) -> None:
        """Keep the version."""
        super().__init__(version)
        self.version = version


class AddressTakenError(ConflictError):
    """Somebody else signs in with this e-mail address. Said to coordinators only."""


class LastCoordinatorError(RefusalError):
    """Without this coordinator nobody could let people in or help them."""


class NotHereError(RefusalError):
    """This needs a member who takes part now; this one waits, pauses, was refused or left."""


class RoleHeldError(ConflictError):
    """The member holds this role already."""


class RoleNotHeldError(ConflictError):
    """The member does not hold this role now."""


class LinkGoneError(NotFoundError):
    """This link was used, is too old, or was never ours.

    Args:
        person_id: Whose link it was, for the trail; None where nobody's. Never shown.
    """

    def __init__(self, person_id: uuid.UUID | None = None) -> None:
        """Keep whose link it was."""
        super().__init__()
        self.person_id = person_id


class WrongSecretError(RefusalError):
    """Address and password, or number and code, do not belong together.

    Args:
        person_id: Whose account was tried, for the trail; None where nobody has it. Never shown.
    """

    def __init__(self, person_id: uuid.UUID | None = None) -> None:
        """Keep whose account it was."""
        super().__init__()
        self.person_id = person_id


class NotSureItIsYouError(NotAllowedError):
    """This needs somebody who has just signed in, or who gives their password."""


class NoWayBackError(NotAllowedError):
    """A password needs a way to get it back: a confirmed e-mail address or a code card."""


class WeakPasswordError(RefusalError):
    """A password that others would try.

    Args:
        why: One of `policy.PASSWORD_FAULTS`.
        known: The words of this person that stand in it, if that is why.
    """

    def __init__(self, why: str, known: Sequence[str] = ()) -> None:
        """Keep why."""
        super().__init__(why)
        self.why = why
        self.known = tuple(known)
