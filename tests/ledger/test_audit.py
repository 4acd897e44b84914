"""The audit sees files and nothing else; each thing wrong with them is found and named."""

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger import chain
from ledger.audit import plugin
from ledger.audit.__main__ import main
from ledger.audit.check import Verdict, audit
from ledger.layout import PLUGIN, Finding, mark

GOLDEN = Path(__file__).parent / "golden_books"
MAIN, ACCOUNTS, BALANCES = "main.beancount", "accounts.beancount", "BALANCES"
JANUARY, COUNTED = "2026/01.beancount", "2026/01.assert.beancount"
BOOK_LINE = '2026-01-01 custom "timebank-book" "0190a0a0000070008000000000000001" 1\n'
#: Something that beancount would run, if it ever saw it.
EVIL = 'plugin "ledger_test_evil_plugin"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sound books, ready to be tampered with."""
    return golden_books(tmp_path / "books")


def golden_books(folder: Path) -> Path:
    """The golden books with the plugin of today."""
    shutil.copytree(GOLDEN, folder)
    shutil.copyfile(plugin.__file__, folder / PLUGIN)
    return folder


def remark(folder: Path) -> None:
    """Let HEAD vouch for the files as they are now, as a liar would."""
    head = (folder / "HEAD").read_text("utf-8")
    for name in re.findall(r"^file (\S+)", head, re.MULTILINE):
        if (folder / name).exists():
            now = mark((folder / name).read_bytes())
            head = re.sub(rf"file {name} .*", f"file {name} {now.length} {now.digest}", head)
        else:
            head = re.sub(rf"file {name} .*\n", "", head)
    (folder / "HEAD").write_text(head, "utf-8")


def change(folder: Path, name: str, before: str, after: str, *, count: int = 1) -> None:
    """Put other words into a file, and see that they were there."""
    text = (folder / name).read_text("utf-8")
    assert before in text
    (folder / name).write_text(text.replace(before, after, count), "utf-8")


def first(folder: Path) -> Finding:
    """The first thing the audit finds wrong."""
    verdict = audit(folder)
    assert not verdict.ok
    assert str(verdict.findings[0])
    return verdict.findings[0]


def entry_text(folder: Path, seq: int) -> str:
    """The lines of one entry."""
    text = (folder / JANUARY).read_text("utf-8")
    found = re.search(rf"\n2026-01-01 [^\n]*\n  seq: {seq}\n(?:  [^\n]*\n)+", text)
    assert found is not None
    return found[0]


def test_sound_books_pass(folder: Path) -> None:
    verdict = audit(folder)
    assert verdict == Verdict(
        ok=True,
        checked=("lines", "beancount", "chain", "sum", "holds", "balances", "files"),
        entries=10,
        accounts=6,
        head=(GOLDEN / "HEAD").read_text("utf-8").split("chain ")[1][:64],
        sum_minutes=0,
        findings=(),
    )


@pytest.mark.parametrize("top", [MAIN, "2026.beancount"])
def test_the_verdict_on_wrong_books_says_what_was_looked_at_and_no_more(
    folder: Path, top: str
) -> None:
    change(folder, JANUARY, "M000003  1 MIN", "M000003  2 MIN")
    several = audit(folder, top)
    assert len(several.findings) > 1
    assert several == Verdict(
        ok=False,
        top=top,
        checked=("lines",),
        findings=(*several.findings,),
        following=several.following,
    )
    change(folder, JANUARY, "M000003  2 MIN", "M000003  1 MIN")
    change(folder, JANUARY, 'key: "gift:1"', 'key: "gift:2"')
    one = audit(folder, top)
    checked = ("lines", "beancount")
    assert one == Verdict(ok=False, top=top, checked=checked, findings=one.findings)


def test_the_sum_that_is_told_is_what_accounts_hold(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is added up once more, whatever the plugin let pass."""
    monkeypatch.setattr(plugin.Reading, "run", lambda reading, _: reading.balances.update(M1=7))
    assert audit(folder).sum_minutes == 7


def test_empty_books_pass(folder: Path) -> None:
    shutil.rmtree(folder / "2026")
    (folder / "2026.beancount").unlink()
    for name in (JANUARY, COUNTED):
        change(folder, "main.beancount", f'include "{name}"\n', "")
    (folder / BALANCES).write_text("timebank-balances 1\nentries 0\nM000001 0 0 0 0\n", "utf-8")
    head = (folder / "HEAD").read_text("utf-8")
    head = re.sub("entries .*", "entries 0", head)
    head = re.sub("chain .*", "chain " + "0" * 64, head)
    (folder / "HEAD").write_text(re.sub("(recorded|tree) .*", r"\1 -", head), "utf-8")
    remark(folder)
    assert audit(folder).ok


def test_one_minute_in_one_posting_names_the_entry_before_what_beancount_says(
    folder: Path,
) -> None:
    change(folder, JANUARY, "M000003  1 MIN", "M000003  2 MIN")
    verdict = audit(folder)
    named, uneven, *counted = verdict.findings
    assert (named.reason, named.detail) == (
        "bad-leg",
        "entry 2 has two postings that are no pair",
    )
    assert "does not balance" in uneven.detail
    line = (folder / JANUARY).read_text("utf-8").split("\n")[named.line - 1]
    assert line.startswith('2026-01-01 * "M000003" "exchange"')
    assert (named.file, named.line) == (uneven.file, uneven.line) == (JANUARY, named.line)
    assert {each.file for each in counted} == {COUNTED}
    assert verdict.following == len(counted)


def test_one_minute_in_both_postings_is_found_by_the_assertion_and_named(folder: Path) -> None:
    change(folder, JANUARY, "M000002  -1 MIN", "M000002  -2 MIN")
    change(folder, JANUARY, "M000003  1 MIN", "M000003  2 MIN")
    named, *counted = audit(folder).findings
    assert (named.reason, named.file) == ("broken-chain", JANUARY)
    assert "entry 2 is not what was recorded" in named.detail
    assert {(found.reason, found.file) for found in counted} == {("beancount", COUNTED)}


def test_one_minute_in_postings_and_assertions_is_found_by_the_chain(folder: Path) -> None:
    """Everything beancount can know of agrees; the entry is named all the same."""
    change(folder, JANUARY, "M000002  -1 MIN", "M000002  -2 MIN")
    change(folder, JANUARY, "M000003  1 MIN", "M000003  2 MIN")
    text = (folder / COUNTED).read_text("utf-8")
    for code, by in (("M000002", -1), ("M000003", 1)):
        stood = re.search(rf"{code}  (-?\d+)", text)
        assert stood is not None
        text = text.replace(stood[0], f"{code}  {int(stood[1]) + by}")
    (folder / COUNTED).write_text(text, "utf-8")
    found = first(folder)
    assert (found.reason, found.file) == ("broken-chain", JANUARY)
    assert "entry 2 is not what was recorded" in found.detail


@pytest.mark.parametrize(
    ("name", "before", "after", "reason"),
    [
        (JANUARY, 'category: "pot"', 'category: "cafe"', "foreign-mark"),
        (JANUARY, "#pot", "#cafe", "foreign-mark"),
        (JANUARY, '* "M000003"', '* "M000001"', "foreign-mark"),
        (JANUARY, "occurred: 2025-12-31", "occurred: 2025-12-30", "broken-chain"),
        (JANUARY, 'key: "gift:1"', 'key: "gift:2"', "broken-chain"),
        (JANUARY, '  key: "gift:1"\n', "", "broken-chain"),
        (JANUARY, '"gift"', '"grant"', "broken-chain"),
        (JANUARY, "T09:01:00.000000Z", "T09:01:00.000001Z", "broken-chain"),
        (JANUARY, 'at: "2026-01-01T', 'at: "2026-01-02T', "wrong-day"),
        (JANUARY, "T09:05:00.000000Z", "T09:04:00.000000Z", "wrong-order"),
        (JANUARY, "  seq: 10\n", "  seq: 11\n", "missing-entry"),
        (JANUARY, "  seq: 10\n", "", "missing-entry"),
        (JANUARY, ";;", EVIL + "\n;;", "foreign-line"),
        (JANUARY, '"exchange"', '"exchange" ' + EVIL, "foreign-line"),
        (JANUARY, ";; ", ";; \r" + EVIL + "\r", "foreign-line"),
        (JANUARY, 'corrects: "', 'corrects: "0', "foreign-line"),
        (COUNTED, ";;", "2026-01-01 pad Assets:Members Equity:Opening\n;;", "foreign-line"),
        (ACCOUNTS, ";;", "2026-01-02 close Assets:Pots\n;;", "foreign-line"),
        (ACCOUNTS, "Assets:Neighbours", "Assets:Anna", "foreign-account"),
        (MAIN, "option", EVIL + "\noption", "foreign-line"),
        (MAIN, 'multiplier" "0"', 'multiplier" "9"', "foreign-line"),
        (MAIN, 'include "2026', 'include "/etc/2026', "foreign-line"),
        (MAIN, 'custom "timebank', ';;custom "timebank', "foreign-line"),
        (MAIN, BOOK_LINE, "", "no-book"),
        (MAIN, BOOK_LINE, BOOK_LINE * 2, "no-book"),
        (MAIN, f'include "{JANUARY}"\n', "", "bad-include"),
        (MAIN, f'include "{COUNTED}"\n', "", "bad-include"),
        (MAIN, f'include "{JANUARY}"\n', f'include "{JANUARY}"\n' * 2, "bad-include"),
        ("HEAD", "chain ", "chain 0", "broken-chain"),
        ("HEAD", "entries 10\n", "", "torn-head"),
        ("HEAD", "entries 10", "entries ten", "torn-head"),
        ("HEAD", "timebank-books 2", "timebank-books 1", "unknown-layout"),
        ("HEAD", "book 0190", "book 0191", "other-book"),
    ],
)
def test_a_changed_line_is_found_and_named(
    folder: Path, name: str, before: str, after: str, reason: str
) -> None:
    change(folder, name, before, after)
    if reason == "foreign-account":
        change(folder, COUNTED, before, after)
    found = first(folder)
    assert (found.reason, found.file) == (reason, name)
    assert "ledger_test_evil_plugin" not in sys.modules


@pytest.mark.parametrize("name", ["HEAD", MAIN, ACCOUNTS, JANUARY, COUNTED])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    found = first(folder)
    assert (found.reason, found.file, found.line) == ("missing-file", name, 0)


@pytest.mark.parametrize("name", ["HEAD", "BALANCES", JANUARY, PLUGIN])
def test_a_folder_in_place_of_a_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()
    found = first(folder)
    assert (found.reason, found.file, found.detail) == ("missing-file", name, "can not be read")


@pytest.mark.parametrize(
    "name", [".x.picklecache", "2026/.main.beancount.picklecache", "2026/02.beancount", "x.py"]
)
def test_a_file_too_many_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"")
    found = first(folder)
    assert (found.reason, found.file) == ("foreign-file", name)


@pytest.mark.parametrize("top", [MAIN, "2026.beancount"])
def test_what_bean_check_left_is_named_and_never_read(folder: Path, top: str) -> None:
    (folder / f".{top}.picklecache").write_bytes(b"cos\nsystem\n(S'exit 3'\ntR.")
    verdict = audit(folder)
    assert verdict.ok
    assert verdict.leftovers == (f".{top}.picklecache",)


def test_what_bean_check_left_hides_no_minute_that_was_changed(folder: Path) -> None:
    (folder / f".{MAIN}.picklecache").write_bytes(b"")
    january = folder / JANUARY
    january.write_text(january.read_text("utf-8").replace("60 MIN", "61 MIN"), "utf-8")
    assert first(folder).file == JANUARY


def test_the_verdict_in_words_says_what_bean_check_left(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / f".{MAIN}.picklecache").write_bytes(b"")
    assert main([str(folder)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("The books are right.\n")
    assert f".{MAIN}.picklecache is no part of the books and was not read" in said


def test_a_link_to_elsewhere_is_no_part_of_the_books(folder: Path) -> None:
    (folder / "2026/secret").symlink_to("/etc/hostname")
    assert first(folder).reason == "foreign-file"


def test_what_is_not_text_is_named(folder: Path) -> None:
    (folder / JANUARY).write_bytes(b"\xff\xfe")
    assert first(folder).reason == "not-text"


def test_an_empty_head_says_nothing(folder: Path) -> None:
    (folder / "HEAD").write_text("", "utf-8")
    assert first(folder).reason == "unknown-layout"


def test_a_folder_must_be_there(tmp_path: Path) -> None:
    assert first(tmp_path / "nowhere").reason == "missing-file"


def test_an_account_that_was_never_opened_is_found_by_beancount(folder: Path) -> None:
    change(folder, ACCOUNTS, "2026-01-01 open Assets:Members:M000003  MIN\n", "")
    found = first(folder)
    assert (found.reason, found.file) == ("beancount", JANUARY)


@pytest.mark.parametrize(("seq", "file"), [(1, JANUARY), (3, JANUARY), (10, "HEAD")])
def test_a_missing_entry_is_named(folder: Path, seq: int, file: str) -> None:
    change(folder, JANUARY, entry_text(folder, seq), "")
    (folder / COUNTED).write_text("", "utf-8")
    found = first(folder)
    assert (found.reason, found.file) == ("missing-entry", file)
    # What HEAD says is in no line in particular.
    assert (found.line == 0) == (file == "HEAD")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # One posting split into two, which add up.
        ("M000003  1 MIN\n", "M000003  1 MIN\n  Assets:Members:M000003  0 MIN\n"),
        # Pairs that add up only together.
        (
            "M000003  1 MIN\n",
            "M000003  1 MIN\n  Assets:Members:M000003  0 MIN\n  Assets:Members:M000002  0 MIN\n",
        ),
        # A pair turned round.
        (
            "M000002  -1 MIN\n  Assets:Members:M000003  1 MIN",
            "M000003  1 MIN\n  Assets:Members:M000002  -1 MIN",
        ),
        # A parent in place of a member.
        ("Assets:Members:M000003  1 MIN", "Assets:Members  1 MIN"),
        ("Assets:Members:M000002  -1 MIN", "Assets:Members  -1 MIN"),
        ("  Assets:Members:M000002  -1 MIN\n  Assets:Members:M000003  1 MIN\n", ""),
    ],
)
def test_postings_come_in_pairs_of_whole_minutes(folder: Path, before: str, after: str) -> None:
    change(folder, JANUARY, before, after)
    (folder / COUNTED).write_text("", "utf-8")
    found = first(folder)
    assert (found.reason, found.file) == ("bad-leg", JANUARY)


def test_notes_of_the_treasurer_are_no_part_of_the_books(folder: Path) -> None:
    (folder / "local").mkdir()
    (folder / "local/notes.beancount").write_text(EVIL, "utf-8")
    assert audit(folder).ok


#: One byte of each sort, and what takes its place.
SORTS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "digit": (rb"[0-9]", lambda found: b"1" if found != b"1" else b"2"),
    "small letter": (rb"[a-z]", lambda found: b"a" if found != b"a" else b"b"),
    "capital": (rb"[A-Z]", lambda found: b"B" if found != b"B" else b"C"),
    "quote": (rb'"', lambda _found: b"'"),
    "sign": (rb"[-:.*#;+=/]", lambda _found: b"_"),
    "space": (rb" ", lambda _found: b"\t"),
    "line end": (rb"\n", lambda _found: b" "),
    "lost": (rb"[^\n]", lambda _found: b""),
    "control": (rb"[a-z]", lambda _found: b"\x07"),
    "not text": (rb"[a-z]", lambda _found: b"\xff"),
}
SPEAK_OF_OTHERS = (MAIN, ACCOUNTS, "HEAD")
WRITTEN = (MAIN, ACCOUNTS, BALANCES, JANUARY, COUNTED, "2026.beancount", "HEAD", PLUGIN)


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("sort", SORTS)
def test_one_byte_anywhere_is_found_and_named(folder: Path, name: str, sort: str) -> None:
    """At the beginning, in the middle and at the end of each file."""
    content = (folder / name).read_bytes()
    pattern, other = SORTS[sort]
    places = [found.start() for found in re.finditer(pattern, content)]
    for place in {*places[:2], *places[len(places) // 2 :][:2], *places[-2:]}:
        changed = content[:place] + other(content[place : place + 1]) + content[place + 1 :]
        (folder / name).write_bytes(changed)
        found = first(folder)
        # Where a file speaks of another one, that may be the one that does not fit.
        assert found.file == name or name in SPEAK_OF_OTHERS, (place, found)


@pytest.mark.parametrize("sort", SORTS)
def test_one_byte_of_an_entry_is_found_even_where_head_was_made_to_fit(
    folder: Path, sort: str
) -> None:
    content = (folder / JANUARY).read_bytes()
    pattern, other = SORTS[sort]
    begin = content.index(b"\n") + 1
    places = [found.start() for found in re.finditer(pattern, content) if found.start() > begin]
    for place in places[:: max(1, len(places) // 12)]:
        changed = content[:place] + other(content[place : place + 1]) + content[place + 1 :]
        (folder / JANUARY).write_bytes(changed)
        remark(folder)
        assert first(folder).file == JANUARY, place


# ----------------------------------------------------------- books made by a liar
#
# Whoever changes the books and makes the whole chain anew passes as far as the chain
# goes. What can not be true is found even then.


def relink(folder: Path) -> None:
    """Make every link and HEAD anew, as somebody who knows how could."""
    link, tree = chain.GENESIS.hex(), plugin.Tree(0, "")
    text = (folder / JANUARY).read_text("utf-8")
    codes = {name: plugin.account_code(name) for name in re.findall(r"  (\S+)  -?\d+ MIN", text)}
    for block in re.findall(r"\n2026-01-01 \*.*\n(?:  .*\n)+", text):
        meta = dict(re.findall(r'^  ([a-z-]+): "?([^"\n]*)"?$', block, re.MULTILINE))
        moved = [(codes[name], int(n)) for name, n in re.findall(r"  (\S+)  (-?\d+) MIN", block)]
        entry = chain.ChainedEntry(
            book="0190a0a0000070008000000000000001",
            seq=int(meta["seq"]),
            id=meta["uid"],
            kind=re.findall(r'"([a-z]+)"', block)[0],
            category=meta["category"],
            at=meta["at"],
            on=meta["occurred"],
            actor=meta.get("actor", ""),
            key=meta["key"],
            rev=meta.get("rev", ""),
            hold="",
            expires="",
            corrects=meta.get("corrects", ""),
            memo=meta.get("memo-commit", chain.NO_MEMO.hex()),
            legs=tuple(
                chain.ChainedLeg(str(payer), str(payee), minutes)
                for (payer, _lost), (payee, minutes) in zip(moved[::2], moved[1::2], strict=True)
            ),
        )
        leaf = chain.leaf(chain.canonical(entry))
        tree.add(leaf)
        link = chain.link(bytes.fromhex(link), leaf).hex()
        text = text.replace(meta["chain"], link)
    (folder / JANUARY).write_text(text, "utf-8")
    head = (folder / "HEAD").read_text("utf-8")
    peaks = b"".join(hashed for _level, hashed in tree.peaks).hex()
    head = re.sub("chain .*", f"chain {link}", head)
    (folder / "HEAD").write_text(re.sub("tree .*", f"tree {peaks}", head), "utf-8")
    remark(folder)


def test_a_liar_who_makes_the_chain_anew_passes_and_that_is_what_checkpoints_are_for(
    folder: Path,
) -> None:
    change(folder, JANUARY, 'key: "gift:1"', 'key: "gift:2"')
    relink(folder)
    assert audit(folder).ok


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ('key: "exchange:2"', 'key: "exchange:1"', "same-key"),
        ('rev: "{fifth}"', 'rev: "{first}"', "second-reversal"),
        ('rev: "{first}"', 'rev: "{second}"', "no-mirror"),
    ],
)
def test_what_can_not_be_true_is_found_even_then(
    folder: Path, before: str, after: str, reason: str
) -> None:
    ids = re.findall(r'uid: "([0-9a-f]{32})"', (folder / JANUARY).read_text("utf-8"))
    names = {"first": ids[0], "second": ids[1], "fifth": ids[4]}
    change(folder, JANUARY, before.format(**names), after.format(**names))
    relink(folder)
    assert first(folder).reason == reason
