"""Writers of one SQLite file take turns, so that none waits much longer than the others.

SQLite has no queue: whoever asks in the right moment writes next, and who asked before sleeps ever
longer between two tries. The lock of a file beside the database is such a queue, which the kernel
keeps in order and which a process that is killed leaves at once.

The turn is a courtesy. What keeps writers apart is SQLite's own lock, taken right after, so a turn
that cannot be had costs nothing but the order (`docs/decisions/0060-writers-take-turns.md`).
"""

import contextlib
import fcntl
import os
import threading
import time
from collections import deque

#: Who has waited this long asks SQLite without a turn, which then says "busy" or not.
WAIT_SECONDS_MAX = 5.0
#: Before queueing for the file, it is looked at so often. Until the second look, whoever writes now
#: may do so again, which spares all the others reading the file anew; then it is looked at often.
LOOKS = 200
SECOND_LOOK_SECONDS = 0.002
LOOK_SECONDS = 0.0004
#: The file beside the database; it stays empty.
SUFFIX = "-turn"


class _Line:
    """The threads of one process that want the same turn, in the order they came.

    Only the first of them goes and looks for the file's lock; the others are woken up, one by one,
    in the moment it is their turn.
    """

    def __init__(self) -> None:
        self._deciding = threading.Lock()
        self._behind: deque[threading.Event] = deque()
        self._is_led = False

    def stand(self, seconds_max: float) -> bool:
        """Wait to be the first; False where that takes too long."""
        with self._deciding:
            if not self._is_led:
                self._is_led = True
                return True
            called = threading.Event()
            self._behind.append(called)
        called.wait(seconds_max)
        with self._deciding:
            if not called.is_set():
                self._behind.remove(called)
        return called.is_set()

    def leave(self) -> None:
        """Call the next one."""
        with self._deciding:
            if self._behind:
                self._behind.popleft().set()
            else:
                self._is_led = False


#: Of each file.
_LINES: dict[str, _Line] = {}


class Turn:
    """The place of one connection in the queue of its database."""

    def __init__(self, database: str) -> None:
        """Remember the database; nothing is opened before the first write."""
        self._path = database + SUFFIX if database else ""
        self._line = _LINES.setdefault(self._path, _Line())
        self._descriptor: int | None = None
        self._is_taken = False

    def take(self, seconds_max: float) -> bool:
        """Wait for the turn; False where it does not come or there is no file to queue at."""
        if self._is_taken:
            return True
        if self._descriptor is None:
            self._descriptor = self._open()
        if self._descriptor is None or not self._line.stand(seconds_max):
            return False
        self._is_taken = _lock_soon(self._descriptor)
        if not self._is_taken:
            self._is_taken = self._queue_up(self._descriptor, seconds_max)
        if not self._is_taken:
            self._line.leave()
        return self._is_taken

    def give_back(self) -> None:
        """Let the next one write."""
        if self._is_taken and self._descriptor is not None:
            fcntl.flock(self._descriptor, fcntl.LOCK_UN)
            self._line.leave()
        self._is_taken = False

    def close(self) -> None:
        """Leave the queue for good."""
        self.give_back()
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None

    def _open(self) -> int | None:
        if not self._path:
            return None
        # A folder that cannot be written to keeps nobody from reading.
        with contextlib.suppress(OSError):
            return os.open(self._path, os.O_CREAT | os.O_RDWR, mode=0o600)
        return None

    def _queue_up(self, descriptor: int, seconds_max: float) -> bool:
        waiter = _Waiter(descriptor)
        waiter.start()
        has_turn = waiter.wait(seconds_max)
        if not has_turn:
            # The file is the waiter's now; it is still in the queue.
            self._descriptor = None
        return has_turn


def _lock_soon(descriptor: int) -> bool:
    """Look again a few times before standing in the queue: most turns are over in a moment.

    Standing there takes a thread, and waking it up takes longer than most others write.
    """
    for look in range(LOOKS):
        if _lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB):
            return True
        time.sleep(LOOK_SECONDS if look else SECOND_LOOK_SECONDS)
    return False


def _lock(descriptor: int, how: int = fcntl.LOCK_EX) -> bool:
    try:
        fcntl.flock(descriptor, how)
    except OSError:
        return False
    return True


class _Waiter(threading.Thread):
    """Stands in the queue: waiting for a file's lock has no limit, waiting for a thread has one."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(daemon=True)
        self._descriptor = descriptor
        self._deciding = threading.Lock()
        self._came = threading.Event()
        self._has_turn = self._is_given_up = False

    def run(self) -> None:
        """Wait, and leave again if nobody wants the turn any more."""
        has_turn = _lock(self._descriptor)
        with self._deciding:
            self._has_turn = has_turn
            if self._is_given_up or not has_turn:
                os.close(self._descriptor)
        self._came.set()

    def wait(self, seconds: float) -> bool:
        """Return whether the turn came in time."""
        self._came.wait(seconds)
        with self._deciding:
            self._is_given_up = not self._has_turn
        return self._has_turn
