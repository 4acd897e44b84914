"""What offers and requests refuse."""

from timebank.errors import ConflictError, NotAllowedError, NotFoundError, RefusalError


class ListingNotFoundError(NotFoundError):
    """There is no such listing, or not for this person."""


class CategoryNotFoundError(NotFoundError):
    """There is no such category in this community."""


class CategoryRetiredError(RefusalError):
    """The category is not used any more; the listing needs another one."""


class CategoryTakenError(RefusalError):
    """There is a category of this name under the same heading already.

    Args:
        name: The name that was asked for.
    """

    def __init__(self, name: str) -> None:
        """Keep the name."""
        super().__init__(name)
        self.name = name


class NotYoursError(NotAllowedError):
    """The listing belongs to somebody else."""


class PausedMemberError(RefusalError):
    """The member takes a break, so nothing new goes up in their name."""


class ClosedListingError(ConflictError):
    """The listing is closed, and a closed one stays closed."""


class OwnListingError(RefusalError):
    """Somebody answers their own listing."""


class BadDetailsError(RefusalError):
    """A value that no form of ours sends.

    Args:
        field: Which one.
    """

    def __init__(self, field: str) -> None:
        """Keep which value it was."""
        super().__init__(field)
        self.field = field
