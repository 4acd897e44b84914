"""That nobody is at two sessions at once: how much time at one is left beside others. Pure."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

_MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Stay:
    """That somebody was at a session between two moments, for all of it or for some minutes.

    Which minutes they were nobody wrote down. More than there are, such as for the washing-up,
    take nothing from another session.
    """

    begins_at: dt.datetime
    ends_at: dt.datetime
    minutes: int

    def overlaps(self, other: "Stay") -> bool:
        """Tell whether two sessions went on at the same moment."""
        return self.begins_at < other.ends_at and other.begins_at < self.ends_at


def minutes_too_many(stay: Stay, others: Sequence[Stay]) -> int:
    """Return how many minutes of a stay can not have been, beside what others say.

    Somebody may go from one to the other and back: it is only too much where no way of dividing
    the time between the sessions gives each its minutes.
    """
    return _without_time([*others, stay]) - _without_time(others)


def _without_time(stays: Iterable[Stay]) -> int:
    """Count the minutes that fit nowhere, however the time is divided.

    From one beginning or end to the next, time goes to whatever ends first. No other way of
    dividing it leaves fewer minutes over (Glover 1967).
    """
    left = {
        number: (stay, min(stay.minutes, (stay.ends_at - stay.begins_at) // _MINUTE))
        for number, stay in enumerate(sorted(stays, key=lambda stay: stay.ends_at))
    }
    edges = sorted({edge for stay, _ in left.values() for edge in (stay.begins_at, stay.ends_at)})
    for begin, end in pairwise(edges):
        room = (end - begin) // _MINUTE
        for number, (stay, minutes) in left.items():
            if stay.begins_at <= begin and end <= stay.ends_at:
                taken = min(room, minutes)
                left[number] = (stay, minutes - taken)
                room -= taken
    return sum(minutes for _stay, minutes in left.values())
