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
