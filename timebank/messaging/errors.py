"""What conversations and mail refuse."""

from timebank.errors import NotFoundError, RefusalError, TimebankError


class ConversationNotFoundError(NotFoundError):
    """There is no such conversation, or the person has no part in it."""


class NoticeNotFoundError(NotFoundError):
    """There is no such notice for this member."""


class NobodyListensError(RefusalError):
    """Everybody else in this conversation has left the community."""


class EmptyMessageError(RefusalError):
    """A message without words says nothing."""


class NothingToShareError(RefusalError):
    """The member has no such contact detail on their page.

    Args:
        field: One of `messaging.models.SHARED_FIELDS`.
    """

    def __init__(self, field: str) -> None:
        """Keep which detail is missing."""
        super().__init__(field)
        self.field = field


class BadHeaderError(RefusalError):
    """A mail's address or subject holds a line break, or the address cannot be one."""


class MailRefusedError(TimebankError):
    """A mail server said no and would say so again: trying once more is no use."""
