"""Who is signed in, as far as the web itself needs to know."""

import uuid

from flask_login import current_user  # noqa: TID251 - the place it is banned in favour of


def caller_id() -> uuid.UUID | None:
    """Return the key of the person who is signed in, or None."""
    return current_user.person_id if current_user.is_authenticated else None
