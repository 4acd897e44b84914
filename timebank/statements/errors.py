"""What the pages of hours and books refuse, as facts."""

from timebank.errors import NotFoundError


class BadMonthError(NotFoundError):
    """The address of this month was cut or changed."""
