"""Writers of one SQLite file take turns, so that none waits much longer than the others.

SQLite has no queue: whoever asks in the right moment writes next, and who asked before sleeps ever
longer between two tries. Two files beside the database make a short one: whoever has the lock of
the first stands at the door and writes next, whoever has that of the second writes now. A process
that is killed leaves both at once.

The turn is a courtesy. What keeps writers apart is SQLite's own lock, taken right after, so a turn
that cannot be had costs nothing but the order (`docs/decisions/0060-writers-take-turns.md`).
"""

import fcntl
import os
import threading
import time
from collections import deque
from typing import NamedTuple

#: Who has waited this long asks SQLite without a turn, which then says "busy" or not.
WAIT_SECONDS_MAX = 5.0
#: What would be over so soon after its turn came, a process may write before the one at the door: a
#: file that changes hands is read anew, which takes as long as some short writes. One yes is long.
AGAIN_SECONDS = 0.006
#: Between two looks. Whoever is at the door is alone there, and looks so often that the file does
#: not lie free; the others wait for the door.
DOOR_LOOK_SECONDS = 0.002
TURN_LOOK_SECONDS = 0.0003
#: The files beside the database, door and turn; they stay empty.
SUFFIXES = ("-door", "-turn")


class _Line:
    """The threads of one process that want the same turn, in the order they came.

    Only the first of them goes and looks for the file's lock; the others are woken up, one by one,
    in the moment it is their turn.
    """

    def __init__(self) -> None:
        self._deciding = threading.Lock()
        self._behind: deque[threading.Event] = deque()
        self._is_led = False
        self._since = 0.0
        self._writes = 1

    def may_again(self) -> bool:
        """Whether one more write, as long as those since its turn came, would be over in time."""
        so_far = time.monotonic() - self._since
        return so_far + so_far / self._writes < AGAIN_SECONDS

    def note(self, *, is_again: bool) -> None:
        """Remember that the process writes: once more in its turn, or for the first time."""
        if is_again:
            self._writes += 1
        else:
            self._since, self._writes = time.monotonic(), 1

    def stand(self, seconds_max: float) -> bool:
        """Wait to be the first; False where that takes too long."""
        with self._deciding:
            if not self._is_led:
                self._is_led = True
                return True
            called = threading.Event()
            self._behind.append(called)
        try:
            called.wait(seconds_max)
        except BaseException:
            # Nobody would hear the call, and those behind would wait for it for ever.
            if self._was(called):
                self.leave()
            raise
        return self._was(called)

    def _was(self, called: threading.Event) -> bool:
        """Tell whether it was the turn of one who waits no more, and drop them if not."""
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


class _Files(NamedTuple):
    """The descriptors of one connection."""

    door: int
    turn: int


class Turn:
    """The place of one connection in the queue of its database."""

    def __init__(self, database: str) -> None:
        """Remember the database; nothing is opened before the first write."""
        self._database = database
        self._line = _LINES.setdefault(database, _Line())
        self._files: _Files | None = None
        self._is_taken = False

    def take(self, seconds_max: float) -> bool:
        """Wait for the turn; False where it does not come or there is no file to queue at."""
        if self._is_taken:
            return True
        if self._files is None:
            self._files = self._open()
        until = time.monotonic() + seconds_max
        if self._files is None or not self._line.stand(seconds_max):
            return False
        try:
            is_again = self._line.may_again() and _lock(self._files.turn)
            self._is_taken = is_again or _queue_up(self._files, until)
        finally:
            if not self._is_taken:
                self._line.leave()
        if self._is_taken:
            self._line.note(is_again=is_again)
        return self._is_taken

    def give_back(self) -> None:
        """Let the next one write."""
        if self._is_taken and self._files is not None:
            _unlock(self._files.turn)
            self._line.leave()
        self._is_taken = False

    def close(self) -> None:
        """Leave the queue for good."""
        self.give_back()
        for descriptor in self._files or ():
            os.close(descriptor)
        self._files = None

    def _open(self) -> _Files | None:
        if not self._database:
            return None
        found: list[int] = []
        try:
            for suffix in SUFFIXES:
                path = self._database + suffix
                found += [os.open(path, os.O_CREAT | os.O_RDWR, mode=0o600)]
        except OSError:
            # A folder that cannot be written to keeps nobody from reading.
            for descriptor in found:
                os.close(descriptor)
            return None
        return _Files(*found)


def _queue_up(files: _Files, until: float) -> bool:
    """Go to the door, then wait there; False where that takes too long."""
    if not _lock_by(files.door, until, DOOR_LOOK_SECONDS):
        return False
    try:
        return _lock_by(files.turn, until, TURN_LOOK_SECONDS)
    finally:
        _unlock(files.door)


def _lock_by(descriptor: int, until: float, pause: float) -> bool:
    """Look at a lock again and again: the kernel would wait for it without a limit."""
    while not _lock(descriptor):
        if time.monotonic() >= until:
            return False
        time.sleep(pause)
    return True


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _unlock(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_UN)
