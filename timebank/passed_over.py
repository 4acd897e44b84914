"""What a job leaves alone for a while, because it failed: it must not hold up what comes after it.

Jobs take what is due first. If that fails each time, nothing behind it would ever have its turn, in
no community. So the worker notes what failed and asks for the next; after a pause it is tried
again. Nothing of this is written down: a worker that starts anew simply tries everything.
"""

import datetime as dt
import uuid
from collections.abc import Collection
from typing import Final

#: How long something that failed is left alone.
PAUSE: Final = dt.timedelta(hours=1)


class PassedOver:
    """Rows that one job leaves alone for now, and the one that it is at.

    A service asks for what is due without `ids`, and says with `begin` what it takes up, before it
    changes anything. So the worker knows what failed, be it as late as in the COMMIT.
    """

    def __init__(self) -> None:
        self._until: dict[uuid.UUID, dt.datetime] = {}
        self._current: uuid.UUID | None = None

    @property
    def ids(self) -> Collection[uuid.UUID]:
        """What to leave alone."""
        return self._until.keys()

    def begin(self, key: uuid.UUID) -> None:
        """Say what is taken up now."""
        self._current = key

    def look_again(self, now: dt.datetime) -> None:
        """Begin a run: what was left alone long enough is tried again."""
        self._until = {key: until for key, until in self._until.items() if until > now}

    def next(self) -> None:
        """Begin one unit of work: nothing is taken up yet."""
        self._current = None

    def pass_over(self, now: dt.datetime) -> uuid.UUID | None:
        """Leave alone what was taken up last; return it, or None where nothing had been."""
        if self._current is not None:
            self._until[self._current] = now + PAUSE
        return self._current
