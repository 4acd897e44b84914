"""Check the books of a time bank: a plugin for beancount that travels with them.

    bean-check main.beancount

loads this file from beside the books and needs nothing but beancount. From the files alone
it works out again, sharing no code with the program that wrote them:

- every entry is there, in its order, under its day, and is what was recorded: the chain
  of hashes through all of them, and the tree under everything that was ever signed;
- postings come in pairs of whole minutes, all accounts add up to zero, and each holds
  what BALANCES says;
- an entry is taken back at most once and by its mirror image; hours set aside are
  settled at most once, and never for more than was set aside;
- every file is, byte for byte, what HEAD says.

What it can not check, as the standard library can not: whether that was signed with the
key that the time bank has published. `timebank books check` and `timebank receipt verify`
do. Nor does it know whether the help was given: books hold what people confirmed.

SPDX-License-Identifier: GPL-2.0-or-later
"""

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

__plugins__ = ("check_books",)

SOURCES = {f"Equity:{each}": each.lower() for each in ("Opening", "Adjustment", "Written-Off")}
PARENTS = ("Assets:Members", "Assets:Pots", "Assets:Neighbours", "Equity:Activity")
NUMBERED = re.compile(r"Assets:(?:Members:(M)|Pots:(G)|Neighbours:(N))([0-9]{6,12})")
ACTIVITY = re.compile(r"Equity:Activity((?::|-)[A-Z0-9][a-z0-9]*)+")
NOTHING = "0" * 64
#: Kinds that set hours aside, and that give them back; and what moves hours set aside.
HOLD, CAPTURE, EXPIRY = "hold", "capture", "expiry"
ASIDE = (HOLD, "release", EXPIRY)
OPENING, NOTES = "opening balances", "local/"
CUSTOMS = ("timebank-hold", "timebank-book", "timebank-start")
#: Where the fields of an entry stand in the books.
METADATA = {name: name for name in ("actor", "at", "category", "corrects", "expires", "hold")}
METADATA |= {"id": "uid", "key": "key", "memo": "memo-commit", "on": "occurred", "rev": "rev"}
#: What is signed, over how many entries: the tree and the chain, and at a month's end the balances.
NOTES_LINE = re.compile("file (CHECKPOINT|signed/(?:[0-9]{4}|months)[.]txt) ")
HASHED, CHAINED = "([A-Za-z0-9+/]{43}=)", "chain ([0-9a-f]{64})"
SEALED = re.compile(
    rf"^(?:entries |\S+\n)([0-9]+)\n(?:root )?{HASHED}\n{CHAINED}\n"
    rf"(?:accounts [0-9]+\nbalances {HASHED}\nbefore \S+\n)?\n\N{{EM DASH}} ",
    re.MULTILINE,
)
#: The bytes that are hashed: JSON with sorted keys and no spaces.
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
Entry = dict[str, Any]
Legs = tuple[tuple[str, str, int], ...]


class Finding(NamedTuple):
    """One thing that is wrong, in the form beancount shows."""

    source: dict[str, Any]
    message: str
    entry: Any


class WrongError(Exception):
    """What follows can not be followed."""

    def __init__(self, reason: str, message: str, directive: Any = None, file: str = "") -> None:
        number = 0 if directive is None else _number(directive)
        self.message = f"entry {number} {message}" if number else message
        self.reason, self.directive, self.file = reason, directive, file
        super().__init__(self.message)


class Sealed(NamedTuple):
    """What was signed over some entries; `trial` is the head over all balances, or nothing."""

    file: str
    size: int
    root: bytes
    chain: str
    trial: bytes


class Facts(NamedTuple):
    """What stands beside the entries: whose they are, where they end, and what was signed.

    `balances` holds for each code its balance, minutes set aside out and in, and how often
    it was touched; `tree` is the right edge of the tree.
    """

    book: str
    entries: int
    chain: str
    recorded: str
    tree: str
    balances: dict[str, tuple[int, int, int, int]]
    signed: list[Sealed]


def check_books(directives: list[Any], options: dict[str, Any]) -> tuple[list[Any], list[Finding]]:
    """Check books as beancount has read them; change nothing."""
    root = str(folder := Path(options["filename"]).parent)

    def place(meta: Any) -> str:
        return str(meta.get("filename", "")).removeprefix(root).lstrip("/\\").replace("\\", "/")

    try:
        facts = read_facts(folder)
        Reading(facts, place).run(directives)
        check_marks(folder)
    except WrongError as wrong:
        source = {"filename": str(folder / wrong.file), "lineno": 0}
        if wrong.directive is not None:
            source = wrong.directive.meta
        return directives, [Finding(source, f"{wrong.reason}: {wrong.message}", wrong.directive)]
    return directives, []


def read_facts(folder: Path) -> Facts:
    """Read HEAD, BALANCES and what was signed."""
    lines = _read(folder, "HEAD").split("\n")
    said = dict(line.partition(" ")[::2] for line in lines if not line.startswith("file "))
    signed = [found[1] for found in map(NOTES_LINE.match, lines) if found]
    balances = _read(folder, "BALANCES").split("\n")
    if balances[1:2] != [f"entries {said.get('entries')}"]:
        raise WrongError("other-balances", "speaks of other entries than HEAD", file="BALANCES")
    try:
        return Facts(
            book=said["book"],
            entries=int(said["entries"]),
            chain=said["chain"],
            recorded=said["recorded"].removeprefix("-"),
            tree=said["tree"].removeprefix("-"),
            balances=dict(map(_balance, balances[2:-1])),
            signed=[each for name in signed for each in read_signed(name, _read(folder, name))],
        )
    except (KeyError, ValueError) as error:
        raise WrongError("torn-head", f"can not be read: {error}", file="HEAD") from error


def read_signed(name: str, text: str) -> list[Sealed]:
    """What the notes in a file say. Who signed them is not checked."""
    if len(found := SEALED.findall(text)) != text.count("\n\n\N{EM DASH} "):
        raise WrongError("torn-checkpoint", "can not be read", file=name)
    of = base64.b64decode
    return [
        Sealed(name, int(size), of(root), chain, of(trial)) for size, root, chain, trial in found
    ]


def check_marks(folder: Path) -> None:
    """See that every file is, byte for byte, what HEAD says."""
    for line in re.findall("^file (.*)$", _read(folder, "HEAD"), re.MULTILINE):
        name, length, digest = line.split(" ")
        try:
            content = (folder / name).read_bytes()
        except OSError as error:
            raise WrongError("missing-file", "is missing", file=name) from error
        if (str(len(content)), hashlib.sha256(content).hexdigest()) != (length, digest):
            raise WrongError("edited-file", "is not what was exported", file=name)


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_bytes().decode()
    except (OSError, ValueError) as error:
        raise WrongError("missing-file", "can not be read", file=name) from error


def _balance(line: str) -> tuple[str, tuple[int, int, int, int]]:
    code, balance, held_out, held_in, touched = line.split(" ")
    return code, (int(balance), int(held_out), int(held_in), int(touched))


def _number(directive: Any) -> int:
    """The place an entry says it has; 0 if it does not say."""
    return int(directive.meta.get("seq", 0))


def _kind(directive: Any) -> str:
    return type(directive).__name__


@cache
def account_code(name: str) -> str | None:
    """The code that was hashed, from the name of an account; None where it is not one."""
    found = NUMBERED.fullmatch(name)
    if found:
        return (found[1] or found[2] or found[3]) + found[4]
    if ACTIVITY.fullmatch(name) and name.count(":") == 2:  # noqa: PLR2004 - one below the parent
        return "activity-" + name.rpartition(":")[2].lower()
    return SOURCES.get(name)


class Tree:
    """The head of a Merkle tree (RFC 6962) that grows leaf by leaf."""

    def __init__(self, size: int, peaks: str) -> None:
        hashes = bytes.fromhex(peaks)
        levels = [level for level in range(63, -1, -1) if size >> level & 1]
        self.peaks = [(level, hashes[at * 32 : at * 32 + 32]) for at, level in enumerate(levels)]
        self.is_whole = len(hashes) == 32 * len(levels)

    def add(self, hashed: bytes) -> None:
        """Add a leaf."""
        peaks, level = self.peaks, 0
        while peaks and peaks[-1][0] == level:
            hashed = hashlib.sha256(b"\x01" + peaks.pop()[1] + hashed).digest()
            level += 1
        peaks.append((level, hashed))

    def head(self) -> bytes:
        """The head over all leaves so far."""
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        head = self.peaks[-1][1]
        for _level, peak in reversed(self.peaks[:-1]):
            head = hashlib.sha256(b"\x01" + peak + head).digest()
        return head


class Reading:
    """One reading of the books, in the order of the chain."""

    def __init__(self, facts: Facts, place: Callable[[Any], str]) -> None:
        self.facts = facts
        self.place = place
        #: The year these books are of, where they are those of one year.
        self.year, self.at = "", ""
        self.version = self.start = self.seq = 0
        self.chain = bytes(32)
        self.tree = Tree(0, "")
        self.balances, self.touched, self.held_out, self.held_in = (Counter[str]() for _ in "1234")
        self.keys, self.taken_back, self.settled = (set[str]() for _ in "123")
        self.legs: dict[str, Legs] = {}
        self.holds: dict[str, Entry] = {}
        self.sealed: dict[int, list[Sealed]] = {}
        for each in facts.signed:
            self.sealed.setdefault(each.size, []).append(each)
        #: What refers to entries before the year, and so is not checked here; and the most
        #: entries under what was signed that were read and lead to it.
        self.earlier = self.signed = 0

    def run(self, directives: list[Any]) -> None:
        """Check every entry; stop at the first thing that breaks the chain."""
        self._begin(directives)
        found = [each for each in directives if self._is_entry(each)]
        found.sort(key=_number)
        for directive in found:
            self._check(directive)
        total = sum(self.balances.values())
        if total:
            raise WrongError("not-zero", f"all accounts add up to {total} MIN, not to 0")
        if not self.year or self.facts.recorded.startswith(self.year):
            self._check_end()

    def _begin(self, directives: list[Any]) -> None:
        """Whose books these are, and where they take up the chain."""
        said = [each for each in directives if _kind(each) == "Custom"]
        books, starts = ([each for each in said if each.type == name] for name in CUSTOMS[1:])
        if len(books) != 1 or len(starts) > 1:
            raise WrongError("no-book", "the books do not say once whose they are")
        book, version = (value.value for value in books[0].values)
        self.version = int(version)
        if book != self.facts.book:
            raise WrongError("other-book", "is of another book than the files", file="HEAD")
        if starts:
            size, chain, peaks = (value.value for value in starts[0].values)
            self.year = str(starts[0].date.year)
            self.start = self.seq = int(size)
            self.chain, self.tree = bytes.fromhex(chain), Tree(self.start, peaks)
            if not self.tree.is_whole:
                raise WrongError("torn-start", "the tree before the year is not whole", starts[0])
            self._check_signed()

    def _is_entry(self, directive: Any) -> bool:
        """Tell entries from the rest; see that the rest is what may stand beside them."""
        kind = _kind(directive)
        if self.place(directive.meta).startswith(NOTES):
            self._check_note(directive)
            return False
        if kind == "Transaction":
            if directive.narration != OPENING or "through" not in directive.meta:
                return True
            self._open(directive)
        elif kind == "Open":
            if account_code(directive.account) is None and directive.account not in PARENTS:
                raise WrongError("foreign-account", f"{directive.account} is not ours", directive)
        elif kind == "Custom" and directive.type in CUSTOMS:
            return bool(directive.type == CUSTOMS[0])
        elif kind not in {"Balance", "Price", "Commodity"}:
            raise WrongError("foreign-line", f"{kind} is no part of these books", directive)
        return False

    def _check_note(self, directive: Any) -> None:
        """Notes of the treasurer say what they like, and move no hours."""
        for name in (posting.account for posting in getattr(directive, "postings", ())):
            if name in PARENTS or account_code(name) is not None:
                raise WrongError("foreign-entry", "notes must not move hours", directive)

    def _open(self, directive: Any) -> None:
        """What accounts held when the year began."""
        if not self.start or directive.meta["through"] != self.start or self.balances:
            raise WrongError("foreign-entry", "opens balances a second time", directive)
        for posting in directive.postings:
            code = account_code(posting.account)
            if code is None:
                raise WrongError("bad-leg", f"{posting.account} is not ours", directive)
            self.balances[code] += int(posting.units.number)

    def _check(self, directive: Any) -> None:
        """One entry: its place, its fields, its link, its uses."""
        number = _number(directive)
        if number != self.seq + 1:
            raise WrongError("missing-entry", f"follows where {self.seq + 1} is missing", directive)
        entry = self._read(directive)
        self._check_place(directive, entry)
        canon = _encode(entry).encode()
        leaf = hashlib.sha256(b"\x00" + canon).digest()
        self.chain = hashlib.sha256(self.chain + leaf).digest()
        if self.chain.hex() != directive.meta.get("chain"):
            raise WrongError("broken-chain", "is not what was recorded; it was changed", directive)
        self.tree.add(leaf)
        self._check_uses(directive, entry)
        self.seq, self.at = number, entry["at"]
        if entry["kind"] not in ASIDE:
            for payer, payee, minutes in entry["legs"]:
                self.balances[payer] -= minutes
                self.balances[payee] += minutes
        if number in self.sealed:
            self._check_signed()

    def _read(self, directive: Any) -> Entry:
        """The entry as it was hashed, from nothing but the file."""
        meta = directive.meta
        category = meta.get("category", "")
        if _kind(directive) == "Custom":
            kind, legs = self._held(directive)
        else:
            kind, legs = directive.narration, self._moved(directive)
            marks = (directive.payee == legs[0][1], directive.tags <= {category})
            if kind in ASIDE or not all(marks):
                raise WrongError("foreign-mark", "has a first line that was changed", directive)
        entry = {name: meta.get(METADATA[name], "") for name in METADATA}
        entry["memo"] = entry["memo"] or NOTHING
        entry["on"] = str(entry["on"])
        entry |= {"book": self.facts.book, "kind": kind, "legs": legs}
        return entry | {"seq": _number(directive), "v": self.version}

    def _moved(self, directive: Any) -> Legs:
        """Pairs of postings as legs: what one account loses the next one gains."""
        postings = directive.postings
        if not postings or len(postings) % 2:
            raise WrongError("bad-leg", "has a posting without its pair", directive)
        return tuple(
            self._leg(directive, a.account, b.account, b.units.number, a.units.number)
            for a, b in zip(postings[::2], postings[1::2], strict=True)
        )

    def _held(self, directive: Any) -> tuple[str, Legs]:
        """The kind and the legs of what sets hours aside or lets them go."""
        kind, *rest = (value.value for value in directive.values)
        if kind not in ASIDE:
            raise WrongError("bad-hold", f"{kind!r} sets nothing aside", directive)
        legs = [
            self._leg(directive, payer, payee, amount.number, -amount.number)
            for payer, payee, amount in zip(rest[::3], rest[1::3], rest[2::3], strict=True)
        ]
        return kind, tuple(legs)

    def _leg(
        self, directive: Any, payer: str, payee: str, gained: Any, lost: Any
    ) -> tuple[str, str, int]:
        payer_code, payee_code, minutes = account_code(payer), account_code(payee), int(gained)
        if payer_code is None or payee_code is None or minutes <= 0 or lost != -minutes:
            raise WrongError("bad-leg", "has two postings that are no pair", directive)
        self.touched[payer_code] += 1
        self.touched[payee_code] += 1
        return payer_code, payee_code, minutes

    def _check_place(self, directive: Any, entry: Entry) -> None:
        """The day and the file are those of the recording, and time only goes on."""
        file, day = self.place(directive.meta), entry["at"][:10]
        wanted = f"{day[:4]}/{day[5:7]}.beancount"
        if day != directive.date.isoformat() or file != wanted:
            raise WrongError("wrong-day", "stands under another day", directive)
        if entry["at"] <= self.at:
            raise WrongError("wrong-order", "is older than the one before it", directive)

    def _check_uses(self, directive: Any, entry: Entry) -> None:
        """One entry a key, one reversal an entry, one settlement a hold."""
        if entry["key"] in self.keys:
            raise WrongError("same-key", "repeats a key", directive)
        self.keys.add(entry["key"])
        if entry["kind"] == HOLD:
            self.holds[entry["id"]] = entry
            self._set_aside(entry["legs"], 1)
            if entry["expires"] and entry["expires"] <= entry["at"]:
                raise WrongError("bad-hold", "was over before it began", directive)
        elif entry["hold"] or entry["kind"] in (*ASIDE, CAPTURE):
            self._settle(directive, entry)
        if entry["rev"]:
            self._take_back(directive, entry)
        self.legs[entry["id"]] = entry["legs"]

    def _take_back(self, directive: Any, entry: Entry) -> None:
        """A reversal moves back exactly what its entry moved, once."""
        if entry["rev"] in self.taken_back:
            raise WrongError("second-reversal", "takes back once more", directive)
        self.taken_back.add(entry["rev"])
        original = self.legs.get(entry["rev"])
        if original is None and self.start:
            self.earlier += 1
            return
        if original != tuple((payee, payer, minutes) for payer, payee, minutes in entry["legs"]):
            raise WrongError("no-mirror", "is no mirror image of its original", directive)

    def _set_aside(self, legs: Legs, sign: int) -> None:
        """Count what these legs set aside, or give back."""
        for payer, payee, minutes in legs:
            self.held_out[payer] += sign * minutes
            self.held_in[payee] += sign * minutes

    def _settle(self, directive: Any, entry: Entry) -> None:
        """Hours set aside are settled once, in time, and for no more than was set aside."""
        if entry["hold"] in self.settled:
            raise WrongError("second-settlement", "settles a hold once more", directive)
        self.settled.add(entry["hold"])
        hold = self.holds.pop(entry["hold"], None)
        if hold is None:
            if self.start and entry["hold"]:
                self.earlier += 1
                return
            raise WrongError("no-hold", "settles no open hold", directive)
        if entry["kind"] == CAPTURE:
            if _by_pair(entry["legs"]) - _by_pair(hold["legs"]):
                raise WrongError("over-hold", "takes more than was set aside", directive)
        elif entry["legs"] != hold["legs"]:
            raise WrongError("bad-hold", "gives back other hours than were set aside", directive)
        if entry["kind"] == EXPIRY and not "" < hold["expires"] <= entry["at"]:
            raise WrongError("bad-hold", "gives back too early", directive)
        self._set_aside(hold["legs"], -1)

    def _check_signed(self) -> None:
        """The entries so far lead to what was signed here."""
        for each in self.sealed.get(self.seq, ()):
            if (self.tree.head(), self.chain.hex()) != (each.root, each.chain):
                said = f"what was signed are not these {self.seq} entries"
                raise WrongError("not-under-checkpoint", said, file=each.file)
            # An account that had moved and came to nothing is not in the opening of a year.
            if each.trial and not self.start and self._trial() != each.trial:
                said = f"what accounts held after {self.seq} entries is not what was signed"
                raise WrongError("not-under-month", said, file=each.file)
            self.signed = self.seq

    def _trial(self) -> bytes:
        """The head over what every account holds, in the order of their codes."""
        tree = Tree(0, "")
        for code in sorted(self.balances):
            tree.add(hashlib.sha256(f"\0{code} {self.balances[code]}".encode()).digest())
        return tree.head()

    def _check_end(self) -> None:
        """The books end where they say they end, and accounts hold what they say they hold."""
        facts = self.facts
        beyond = [(each.file, each.size) for each in facts.signed if each.size > self.seq]
        for file, claimed in (("HEAD", facts.entries), *beyond):
            if claimed != self.seq:
                said = f"speaks of {claimed} entries, and {self.seq} are there"
                raise WrongError("missing-entry", said, file=file)
        tree = b"".join(hashed for _level, hashed in self.tree.peaks).hex()
        for name, said in (("chain", self.chain.hex()), ("recorded", self.at), ("tree", tree)):
            if getattr(facts, name) != said:
                wrong = f"has another {name} than its entries lead to"
                raise WrongError("broken-chain", wrong, file="HEAD")
        missing = {*self.balances, *self.touched} - set(facts.balances)
        if missing:
            raise WrongError("other-balances", f"does not know {min(missing)}", file="BALANCES")
        counted = (self.balances, self.held_out, self.held_in, self.touched)
        # What was set aside or counted before the year is not in it.
        seen = 1 if self.start else len(counted)
        for code, figures in facts.balances.items():
            both = (figures, [counter[code] for counter in counted])
            said, found = (", ".join(map(str, each[:seen])) for each in both)
            if said != found:
                said = f"says {code} has {said}; the entries add up to {found}"
                raise WrongError("other-balances", said, file="BALANCES")


def _by_pair(legs: Legs) -> Counter[tuple[str, str]]:
    pairs: Counter[tuple[str, str]] = Counter()
    for payer, payee, minutes in legs:
        pairs[payer, payee] += minutes
    return pairs
