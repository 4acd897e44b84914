"""What the books need to know of somebody with hours. The tables are the ledger's."""

import uuid
from typing import Protocol


class Holder(Protocol):
    """Somebody with an account: a member, as this context sees one.

    Members are a context above this one, because whoever is let in gets an account; so the books
    know their holders by these three facts alone.
    """

    @property
    def community_id(self) -> uuid.UUID:
        """Which community's book the account is in."""

    @property
    def id(self) -> uuid.UUID:
        """Stands in the entries as who acted; a pseudonym."""

    @property
    def account_code(self) -> str:
        """The account's code, such as M000123; never given to another."""
