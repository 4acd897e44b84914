"""The words of the books: how an entry, an account and a balance are written down.

Written out by hand, as beancount's own printer takes ten times as long, and with every
text from the database escaped, so that no word of it can become a line of its own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from ledger.accounts import BOOK_PARENTS
from ledger.chain import ENCODING, NO_MEMO
from ledger.errors import BadField
from ledger.layout import (
    ASIDE_KINDS,
    BALANCES_LAYOUT,
    DATE,
    KEY,
    LOCAL,
    MAIN,
    OPENING_WORDS,
    PLUGIN_NAME,
    TIME,
    Start,
    opening_name,
)
from ledger.storage import JournalRow

_NO_MEMO_HEX: Final = NO_MEMO.hex()
_TAG: Final = re.compile(r"[A-Za-z0-9._/-]+")
_MOMENTS: Final = re.compile(f"{TIME}{DATE}(?:{TIME})?")
_PLAIN: Final = re.compile(r"[A-Za-z0-9:._-]+")
_ESCAPES: Final = str.maketrans(
    {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\f": "\\f", "\b": "\\b"}
)
_DECEMBER: Final = 12


def entry_text(row: JournalRow, names: Mapping[str, str]) -> str:
    """An entry: every hashed field, and what it moved.

    What only sets hours aside is no transaction, as nothing has moved yet; it stands in
    the books as a directive of our own.
    """
    entry = row.entry
    if not _MOMENTS.fullmatch(f"{entry.at}{entry.on}{entry.expires}"):
        # SQLite keeps times as text; what is none must not become a line of its own.
        raise BadField("recorded_at", entry.at)
    rest = "".join(
        [
            f'  {name}: "{value}"\n'
            for name, value in (
                ("actor", entry.actor),
                ("rev", entry.rev),
                ("hold", entry.hold),
                ("expires", entry.expires),
                ("corrects", entry.corrects),
                ("memo-commit", "" if entry.memo == _NO_MEMO_HEX else entry.memo),
            )
            if value
        ]
    )
    if entry.kind in ASIDE_KINDS:
        moved = "".join([f" {names[a]} {names[b]} {minutes} MIN" for a, b, minutes in entry.legs])
        first = f'custom "timebank-hold" {quoted(entry.kind)}{moved}'
        postings = ""
    else:
        payee = entry.legs[0].payee_code if entry.legs else ""
        first = f'* "{payee}" {quoted(entry.kind)}{_tag(entry.category)}'
        postings = "".join(
            [
                f"  {names[a]}  -{minutes} MIN\n  {names[b]}  {minutes} MIN\n"
                for a, b, minutes in entry.legs
            ]
        )
    key = f'"{entry.key}"' if _PLAIN.fullmatch(entry.key) else quoted(entry.key)
    return (
        f'\n{entry.at[:10]} {first}\n  seq: {entry.seq}\n  uid: "{entry.id}"\n  at: "{entry.at}"\n'
        f"  occurred: {entry.on}\n  category: {quoted(entry.category)}\n  key: {key}\n"
        f'{rest}  chain: "{row.chain.hex()}"\n{postings}'
    )


@lru_cache(maxsize=1024)
def quoted(text: str) -> str:
    """Text as beancount reads it back unchanged."""
    return f'"{text.translate(_ESCAPES)}"'


@lru_cache(maxsize=1024)
def _tag(category: str) -> str:
    return f" #{category}" if _TAG.fullmatch(category) else ""


def month_title(month: str) -> str:
    """The first line of a month."""
    return f";; Recorded in {month} (UTC), in the order of the book.\n"


def accounts_title(opened_on: date) -> str:
    """The first lines of the accounts: their parents, whose sums are counted each month."""
    parents = "".join(f"{opened_on} open {name}  MIN\n" for name in BOOK_PARENTS)
    return f";; Pseudonyms, in the order of their first use. Who is who, no book says.\n{parents}"


def open_text(on: str, name: str) -> str:
    """An account, opened on the day of its first use."""
    return f"{on} open {name}  MIN\n"


def counted_text(
    month: str, names: Mapping[str, str], balances: Mapping[str, int], moved: Iterable[str]
) -> str:
    """What accounts held at the end of a month: the sums by kind, then those that moved.

    Pots and sources are listed each month, and every account at the end of a year.
    """
    year, number = int(month[:4]), int(month[5:])
    on = (date(year, number, 1) + timedelta(days=31)).replace(day=1)
    sums = dict.fromkeys(BOOK_PARENTS, 0)
    for code, minutes in balances.items():
        parent = names[code].rpartition(":")[0]
        if parent in sums:
            sums[parent] += minutes
    codes = set(balances) if number == _DECEMBER else set(moved)
    codes |= {code for code in balances if not code.startswith(("M", "N"))}
    lines = [f";; Balances at the end of {month} (UTC).\n"]
    lines += [f"{on} balance {name}  {minutes} MIN\n" for name, minutes in sums.items()]
    lines += [f"{on} balance {names[code]}  {balances[code]} MIN\n" for code in sorted(codes)]
    return "".join(lines)


def opening_text(
    year: int, start: Start, names: Mapping[str, str], balances: Mapping[str, int]
) -> str:
    """What every account held when a year began, so that the year can be read alone.

    All accounts add up to zero, so this is a transaction that balances.
    """
    lines = [f";; What every account held when {year} began.\n"]
    held = sorted((code, minutes) for code, minutes in balances.items() if minutes)
    if held:
        lines.append(f'\n{year - 1}-12-31 * "{OPENING_WORDS}"\n  through: {start.entries}\n')
        lines += [f"  {names[code]}  {minutes} MIN\n" for code, minutes in held]
    return "".join(lines)


def main_text(
    book_id: str, code: str, opened_on: date, includes: Sequence[str], notes: Sequence[str]
) -> str:
    """The file that stock beancount is pointed at."""
    top = _top(
        ";; Hours of help between neighbours, in whole minutes. Written by a program: what is\n"
        f";; changed here is lost. Notes of one's own go into {LOCAL}/.\n"
        f";; `bean-check {MAIN}` checks all of it, with {PLUGIN_NAME}.py, which lies beside it:\n"
        ";; the chain through every entry, the sums, and the tree under CHECKPOINT. One thing it\n"
        f";; can not check: who signed CHECKPOINT. Hold {KEY} against the key you were given, and\n"
        ";; ask `timebank books check` or `timebank receipt verify`.\n",
        book_id,
        code,
        opened_on,
    )
    return top + _includes([*includes, *notes])


def year_text(
    top: str, book_id: str, code: str, opened_on: date, start: Start, includes: Sequence[str]
) -> str:
    """The books of one year alone: opening balances, then its months."""
    year = top[:4]
    head = _top(
        f";; {year} alone, with what every account held when it began.\n", book_id, code, opened_on
    )
    begin = (
        f'{year}-01-01 custom "timebank-start" {start.entries} "{start.chain}" "{start.peaks}"\n'
    )
    accounts, *months = includes
    return head + begin + _includes([accounts, opening_name(top), *months])


def balances_text(entries: int, rows: Iterable[tuple[str, int, int, int, int]]) -> str:
    """What the application says each account holds; the audit adds up the entries against it."""
    lines = [
        f"{code} {balance} {held_out} {held_in} {version}\n"
        for code, balance, held_out, held_in, version in rows
    ]
    return f"{BALANCES_LAYOUT}\nentries {entries}\n{''.join(lines)}"


def _top(words: str, book_id: str, code: str, opened_on: date) -> str:
    return (
        f"{words}"
        f"option {quoted('title')} {quoted(f'Hours of {code}')}\n"
        'option "operating_currency" "MIN"\n'
        'option "tolerance_multiplier" "0"\n'
        'option "insert_pythonpath" "TRUE"\n'
        f'plugin "{PLUGIN_NAME}"\n'
        f'{opened_on} custom "timebank-book" "{book_id}" {ENCODING}\n'
        f"{opened_on} commodity MIN\n"
        f"{opened_on} commodity HOUR\n"
        f"{opened_on} price HOUR  60 MIN\n"
    )


def _includes(names: Iterable[str]) -> str:
    return "".join(f'include "{name}"\n' for name in names)


def months_of(names: Iterable[str]) -> Iterator[str]:
    """The months among the files of books, such as ``2026/01.beancount``, in order."""
    month = re.compile(r"[0-9]{4}/[0-9]{2}[.]beancount")
    return iter(sorted(name for name in names if month.fullmatch(name)))
