"""What a community refuses."""

from timebank.errors import ConflictError, RefusalError


class SlugTakenError(ConflictError):
    """Another community of this installation has this short name.

    Args:
        slug: The short name asked for.
    """

    def __init__(self, slug: str) -> None:
        """Keep the short name."""
        super().__init__(slug)
        self.slug = slug


class BadSlugError(RefusalError):
    """A short name that cannot stand in an address.

    Args:
        slug: The short name asked for.
    """

    def __init__(self, slug: str) -> None:
        """Keep the short name."""
        super().__init__(slug)
        self.slug = slug


class UnknownTimeZoneError(RefusalError):
    """A time zone this machine has never heard of.

    Args:
        time_zone: The name asked for, such as `Europe/London`.
    """

    def __init__(self, time_zone: str) -> None:
        """Keep the name."""
        super().__init__(time_zone)
        self.time_zone = time_zone


class LimitsOutOfOrderError(RefusalError):
    """Two lines in the wrong order: a stop before a chat, or a chat before a nudge.

    Args:
        lower: Name of the line that must be the lower one, of `communities.models.LIMITS`.
        upper: Name of the other.
    """

    def __init__(self, lower: str, upper: str) -> None:
        """Keep both names."""
        super().__init__(lower, upper)
        self.lower = lower
        self.upper = upper
