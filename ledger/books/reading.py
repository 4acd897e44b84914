"""Read entries back from the text of the books, each exactly as the export writes it.

What was read is rendered again and compared: a line that beancount would understand all
the same, with a space more or two lines in another order, is not as it was exported.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from ledger.accounts import code_of
from ledger.books.text import entry_text
from ledger.chain import ENCODING, NO_MEMO, ChainedEntry, ChainedLeg, canonical, leaf, link
from ledger.layout import BALANCES, DATE, TEXT, Finding, FindingError
from ledger.storage import JournalRow

_FIRST: Final = (
    rf'\n{DATE} (?:[*] {TEXT} (?P<kind>{TEXT})[^\n]*|custom "timebank-hold" (?P<aside>{TEXT})'
    r"(?P<moved>[^\n]*))\n"
)
_FIELD: Final = r'(?:  {0}: "(?P<{1}>[^"\n]*)"\n)?'
_ENTRY: Final = re.compile(
    _FIRST
    + r'  seq: (?P<seq>[0-9]+)\n  uid: "(?P<id>[0-9a-f]{32})"\n  at: "(?P<at>[^"\n]*)"\n'
    + rf"  occurred: (?P<on>{DATE})\n  category: (?P<category>{TEXT})\n  key: (?P<key>{TEXT})\n"
    + "".join(
        _FIELD.format(name, name.partition("-")[0])
        for name in ("actor", "rev", "hold", "expires", "corrects", "memo-commit")
    )
    + r'  chain: "(?P<chain>[0-9a-f]{64})"\n(?P<postings>(?:  \S+  -?[0-9]+ MIN\n)*)'
)
_POSTING: Final = re.compile(r"  (\S+)  (-?[0-9]+) MIN\n")
_MOVED: Final = re.compile(r" (\S+) (\S+) ([0-9]+) MIN")
_ESCAPED: Final = re.compile(r"\\(.)")
_UNESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "b": "\b"}


class Place(NamedTuple):
    """A place in the book: how many entries, and the chain after them."""

    seq: int
    chain: bytes


def read_month(
    name: str, text: str, book: str, place: Place, names: Mapping[str, str]
) -> Iterator[JournalRow]:
    """Every entry of a month; the stored balances beside its legs are left out.

    Args:
        name: The file.
        text: What is in it.
        book: Id of the book, in hex.
        place: Where the month begins.
        names: The accounts of the book: the name of each code.

    Raises:
        FindingError: With the first line that is not as it was exported.
    """
    at = text.find("\n") + 1
    while at < len(text):
        found = _ENTRY.match(text, at)
        if found is None or (entry := _entry(book, found.groupdict(""))) is None:
            raise _refusal("edited-line", "is no entry as it was exported", name, text, at)
        hashed = leaf(canonical(entry))
        row = JournalRow(entry, hashed, link(place.chain, hashed), ENCODING, ())
        wrong = _wrong(row, found, name, place, names)
        if wrong is not None:
            # Before an entry there is an empty line.
            raise _refusal(*wrong, name, text, at + 1)
        yield row
        place, at = Place(entry.seq, row.chain), found.end()


def _refusal(reason: str, detail: str, name: str, text: str, at: int) -> FindingError:
    """What is wrong, with the line it is in; lines are counted only now, as it takes long."""
    return FindingError(Finding(reason, detail, name, text.count("\n", 0, at) + 1))


def _wrong(
    row: JournalRow, found: re.Match[str], name: str, place: Place, names: Mapping[str, str]
) -> tuple[str, str] | None:
    """Why an entry is not what was recorded, or not written as it was exported."""
    entry = row.entry
    unknown = {code for leg in entry.legs for code in leg[:2]} - names.keys()
    if entry.seq != place.seq + 1:
        said = f"entry {place.seq + 1} is missing; this is entry {entry.seq}"
        return "missing-entry", said
    if row.chain.hex() != found["chain"]:
        return "broken-chain", f"entry {entry.seq} is not what was recorded; it was changed"
    if unknown:
        said = f"entry {entry.seq} has {min(unknown)}, which {BALANCES} does not know"
        return "other-balances", said
    month = f"{entry.at[:4]}/{entry.at[5:7]}.beancount"
    if month != name or entry_text(row, names) != found[0]:
        return "edited-line", f"entry {entry.seq} is not written as it was exported"
    return None


def _entry(book: str, found: Mapping[str, str]) -> ChainedEntry | None:
    """An entry from the lines it was found in; None where it could be none."""
    legs = _held(found["moved"]) if found["aside"] else _moved(found["postings"])
    if legs is None:
        return None
    return ChainedEntry(
        book=book,
        seq=int(found["seq"]),
        id=found["id"],
        kind=unquoted(found["kind"] or found["aside"]),
        category=unquoted(found["category"]),
        at=found["at"],
        on=found["on"],
        actor=found["actor"],
        key=unquoted(found["key"]),
        rev=found["rev"],
        hold=found["hold"],
        expires=found["expires"],
        corrects=found["corrects"],
        memo=found["memo"] or NO_MEMO.hex(),
        legs=legs,
    )


def _moved(postings: str) -> tuple[ChainedLeg, ...] | None:
    """Legs from pairs of postings; None where they are no pairs."""
    found = [(code_of(name), int(minutes)) for name, minutes in _POSTING.findall(postings)]
    if len(found) % 2:
        return None
    return _legs(
        (a, b, gained) for (a, _lost), (b, gained) in zip(found[::2], found[1::2], strict=True)
    )


def _held(moved: str) -> tuple[ChainedLeg, ...] | None:
    """Legs from what a hold sets aside."""
    return _legs((code_of(a), code_of(b), int(n)) for a, b, n in _MOVED.findall(moved))


def _legs(
    found: Iterable[tuple[str | None, str | None, int]],
) -> tuple[ChainedLeg, ...] | None:
    """Legs between accounts of ours, without any other; None where there is none."""
    legs = tuple([ChainedLeg(a, b, n) for a, b, n in found if a is not None and b is not None])
    return legs or None


def unquoted(text: str) -> str:
    """Text as it was before the export quoted it."""
    return _ESCAPED.sub(lambda found: _UNESCAPED.get(found[1], found[1]), text[1:-1])
