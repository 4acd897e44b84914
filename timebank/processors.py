"""Each web process keeps to a processor of its own.

Of the threads of a Python process one runs at a time. Where the system spreads them over several
processors, they hand that right, and all they work on, from one to the other
(`docs/decisions/0100-one-processor-each.md`).
"""

import fcntl
import os
import secrets
from pathlib import Path

#: The claims of this process: each is a lock that ends with it, so nothing has to be given back.
_CLAIMS: list[int] = []


def keep_to_one(folder: Path) -> int | None:
    """Keep this process, with what it starts from now on, to a processor that no other claims.

    Args:
        folder: Where the claims are; processes that share it share the processors.

    Returns:
        The processor's number. None where there is only one, or none is left, or the system cannot
        do it: then all stays as it was.
    """
    try:
        allowed = list(os.sched_getaffinity(0))
        # Two time banks on one machine do not both begin with the first.
        secrets.SystemRandom().shuffle(allowed)
        for number in allowed if len(allowed) > 1 else ():
            if _claim(folder / f"processor-{number}"):
                os.sched_setaffinity(0, {number})
                return number
    except (AttributeError, OSError):
        # Another kind of system, or a folder that cannot be written to.
        return None
    return None


def _claim(path: Path) -> bool:
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, mode=0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return False
    _CLAIMS.append(descriptor)
    return True
