"""The books as tables to ask about: legs, accounts and months, beside beancount's own tables."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from beancount.core import data
from beanquery import tables
from beanquery.sources.beancount import GetAttrColumn

from ledger.accounts import code_of, kind_of

#: Beancount's own tables that may be asked; the others hold nothing here.
OF_BEANCOUNT: Final = ("accounts", "entries", "postings", "transactions", "balances")


class Leg(NamedTuple):
    """One movement: minutes that left one account and reached another."""

    seq: int
    kind: str
    category: str
    recorded_on: dt.date
    occurred_on: dt.date
    late_days: int
    payer: str
    payer_kind: str
    payee: str
    payee_kind: str
    minutes: int
    takes_back: int | None
    taken_back_by: int | None


class Holding(NamedTuple):
    """An account: what is in it, what went through it, and when it last moved.

    `held_rank` counts from the one that holds most; `held_percent` says how much of all hours
    that members hold is held by this one and those above it.
    """

    code: str
    kind: str
    balance_minutes: int
    in_minutes: int
    out_minutes: int
    moves: int
    opened_on: dt.date
    last_on: dt.date | None
    idle_days: int
    held_rank: int | None
    held_percent: int | None


class Month(NamedTuple):
    """A month of recording: what moved, and how much members held when it ended."""

    month: str
    entries: int
    moved_minutes: int
    movers: int
    held_minutes: int


class RowsTable(tables.Table):  # type: ignore[misc]  # it ships no types
    """Rows of a named tuple as a table; every field is a column."""

    def __init__(self, rows: Sequence[NamedTuple], kind: type[NamedTuple]) -> None:
        self.rows = rows
        self.columns = {name: GetAttrColumn(name, _plain(hint)) for name, hint in _hints(kind)}

    def __iter__(self) -> Iterator[NamedTuple]:
        """Give the rows, in their order."""
        return iter(self.rows)


def _hints(kind: type[NamedTuple]) -> Iterable[tuple[str, Any]]:
    return kind.__annotations__.items()


def _plain(hint: Any) -> Any:
    """The type of a column; a value that may be missing has the type of one that is there."""
    arguments = [each for each in getattr(hint, "__args__", ()) if each is not type(None)]
    return arguments[0] if arguments else hint


def ours(entries: Sequence[Any], *, today: dt.date) -> dict[str, RowsTable]:
    """Our own tables over the entries of a book."""
    legs = _legs(entries)
    return {
        "legs": RowsTable(legs, Leg),
        "holdings": RowsTable(_holdings(entries, legs, today=today), Holding),
        "months": RowsTable(_months(legs), Month),
    }


def _legs(entries: Sequence[Any]) -> list[Leg]:
    found: list[tuple[Any, Any, Any]] = [
        (entry, payer, payee)
        for entry in entries
        if isinstance(entry, data.Transaction) and "seq" in entry.meta
        for payer, payee in zip(entry.postings[::2], entry.postings[1::2], strict=True)
    ]
    places = {entry.meta["uid"]: int(entry.meta["seq"]) for entry, _payer, _payee in found}
    undone = {
        entry.meta["rev"]: int(entry.meta["seq"]) for entry, *_ in found if "rev" in entry.meta
    }
    legs = [
        _leg(entry, payer.account, payee.account, int(payee.units.number), places, undone)
        for entry, payer, payee in found
    ]
    return sorted(legs, key=lambda leg: leg.seq)


def _leg(
    entry: Any,
    payer: str,
    payee: str,
    minutes: int,
    places: dict[str, int],
    undone: dict[str, int],
) -> Leg:
    meta = entry.meta
    codes = code_of(payer) or payer, code_of(payee) or payee
    return Leg(
        seq=int(meta["seq"]),
        kind=entry.narration,
        category=meta.get("category", ""),
        recorded_on=entry.date,
        occurred_on=meta.get("occurred", entry.date),
        late_days=(entry.date - meta.get("occurred", entry.date)).days,
        payer=codes[0],
        payer_kind=kind_of(codes[0]) or "",
        payee=codes[1],
        payee_kind=kind_of(codes[1]) or "",
        minutes=minutes,
        takes_back=places.get(meta.get("rev", "")),
        taken_back_by=undone.get(meta["uid"]),
    )


def _holdings(entries: Sequence[Any], legs: Sequence[Leg], *, today: dt.date) -> list[Holding]:
    opened = {
        code: entry.date
        for entry in entries
        if isinstance(entry, data.Open) and (code := code_of(entry.account)) is not None
    }
    came, went, moves = Counter[str](), Counter[str](), Counter[str]()
    last: dict[str, dt.date] = {}
    for leg in legs:
        went[leg.payer] += leg.minutes
        came[leg.payee] += leg.minutes
        for code in (leg.payer, leg.payee):
            moves[code] += 1
            last[code] = leg.recorded_on
    ranks = _ranks({code: came[code] - went[code] for code in opened})
    return [
        Holding(
            code=code,
            kind=kind_of(code) or "",
            balance_minutes=came[code] - went[code],
            in_minutes=came[code],
            out_minutes=went[code],
            moves=moves[code],
            opened_on=on,
            last_on=last.get(code),
            idle_days=(today - last.get(code, on)).days,
            held_rank=ranks[code][0] if code in ranks else None,
            held_percent=ranks[code][1] if code in ranks else None,
        )
        for code, on in sorted(opened.items())
    ]


def _ranks(balances: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Members who hold hours, the most first: the place, and the share up to there in percent."""
    holders = sorted(
        ((minutes, code) for code, minutes in balances.items() if _holds(code, minutes)),
        key=lambda each: (-each[0], each[1]),
    )
    total, so_far, ranks = sum(minutes for minutes, _code in holders), 0, {}
    for place, (minutes, code) in enumerate(holders, 1):
        so_far += minutes
        ranks[code] = (place, so_far * 100 // total)
    return ranks


def _holds(code: str, minutes: int) -> bool:
    return minutes > 0 and kind_of(code) == "member"


def _months(legs: Sequence[Leg]) -> list[Month]:
    by_month: dict[str, list[Leg]] = defaultdict(list)
    for leg in legs:
        by_month[leg.recorded_on.strftime("%Y-%m")].append(leg)
    balances, months = Counter[str](), []
    for name, moved in sorted(by_month.items()):
        for leg in moved:
            balances[leg.payer] -= leg.minutes
            balances[leg.payee] += leg.minutes
        people = {code for leg in moved for code in (leg.payer, leg.payee)}
        months.append(
            Month(
                month=name,
                entries=len({leg.seq for leg in moved}),
                moved_minutes=sum(leg.minutes for leg in moved),
                movers=sum(kind_of(code) == "member" for code in people),
                held_minutes=sum(
                    minutes for code, minutes in balances.items() if _holds(code, minutes)
                ),
            )
        )
    return months
