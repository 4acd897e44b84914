"""Dividing whole minutes so that nothing is lost and nothing is made. Pure."""

from collections import deque
from collections.abc import Sequence

#: Payer, payee, minutes: as the books take it.
Leg = tuple[str, str, int]


def split(whole: int, parts: Sequence[int]) -> tuple[int, ...]:
    """Divide a whole number by parts; the shares add up to it exactly.

    Each gets its share rounded down. What is left goes, one by one, to those whom rounding took
    most (the method of the largest remainder); of equals, to the earlier. The same call always
    gives the same answer, so both sides can work it out for themselves.

    Args:
        whole: What is divided, zero or more: minutes or contacts.
        parts: How many parts each has, zero or more; at least one is more than zero.

    Raises:
        ValueError: If there is nothing to divide by.
    """
    total = sum(parts)
    if whole < 0 or total <= 0 or min(parts) < 0:
        raise ValueError(whole, parts)
    shares = [whole * part // total for part in parts]
    taken = [whole * part % total for part in parts]
    left = whole - sum(shares)
    for place in sorted(range(len(parts)), key=lambda place: -taken[place])[:left]:
        shares[place] += 1
    return tuple(shares)


def pour(givers: Sequence[tuple[str, int]], takers: Sequence[tuple[str, int]]) -> tuple[Leg, ...]:
    """Let what some give reach those who get it, in order; both add up to the same.

    An account that would give to itself does, and no leg is written for it.

    Raises:
        ValueError: If the two sides differ, or a side has less than nothing.
    """
    if sum(minutes for _code, minutes in givers) != sum(minutes for _code, minutes in takers):
        raise ValueError(givers, takers)
    if any(minutes < 0 for _code, minutes in (*givers, *takers)):
        raise ValueError(givers, takers)
    legs: list[Leg] = []
    waiting = deque((code, minutes) for code, minutes in takers if minutes)
    for giver, minutes in givers:
        left = minutes
        while left:
            taker, due = waiting.popleft()
            flows = min(left, due)
            if giver != taker:
                legs.append((giver, taker, flows))
            left -= flows
            if due > flows:
                waiting.appendleft((taker, due - flows))
    return tuple(legs)
