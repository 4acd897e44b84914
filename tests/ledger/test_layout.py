"""What is told of books that were changed, word for word; sound ones are read as written."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from ledger.layout import (
    ACCOUNTS,
    BALANCES,
    CHECKPOINT,
    HEAD,
    KEY,
    LAYOUT,
    MAIN,
    PLUGIN,
    SIGNED_KEYS,
    SIGNED_MONTHS,
    Finding,
    FindingError,
    Head,
    Mark,
    Start,
    check_marks,
    following_words,
    is_signed,
    mark,
    parse_balances,
    parse_start,
    read_files,
    signed_year_of,
)
from tests.ledger.test_audit import BOOK_LINE, COUNTED, JANUARY, change, golden_books

YEAR, OPENING = "2026.beancount", "2026/opening.beancount"
ZEROS: Final = "0" * 64
START_LINE: Final = f'2026-01-01 custom "timebank-start" 0 "{ZEROS}" ""\n'
Harm = Callable[[Path], None]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return golden_books(tmp_path / "books")


def told(folder: Path, top: str = MAIN) -> Finding:
    """What reading finds wrong first, or else the marks."""
    with pytest.raises(FindingError) as refused:
        check_marks(folder, read_files(folder, top).head)
    assert str(refused.value) == str(refused.value.finding)
    return refused.value.finding


def told_of_head(text: str) -> Finding:
    with pytest.raises(FindingError) as refused:
        Head.parse(text)
    return refused.value.finding


def list_in_head(folder: Path, *names: str) -> None:
    """Name more files in HEAD, as if they had been exported."""
    marks = "".join(f"file {name} 1 {ZEROS}\n" for name in names)
    with (folder / HEAD).open("a", encoding="utf-8") as head:
        head.write(marks)


# ------------------------------------------------------------------------- words for a treasurer


def test_a_finding_says_where_it_is_as_far_as_it_knows() -> None:
    assert str(Finding("edited-file", "is missing", "HEAD", 3)) == "HEAD, line 3: is missing"
    assert str(Finding("edited-file", "is missing", "HEAD")) == "HEAD: is missing"
    assert str(Finding("edited-file", "all is lost")) == "all is lost"
    assert str(FindingError(Finding("any", "is missing", "KEY", 1))) == "KEY, line 1: is missing"


def test_balances_that_follow_are_counted_in_words() -> None:
    assert following_words(1) == "and 1 balance that follows from it"
    assert following_words(2) == "and 2 balances that follow from it"
    assert following_words(0) == "and 0 balances that follow from it"


def edit(name: str, before: str, after: str) -> Harm:
    return lambda folder: change(folder, name, before, after)


def cut(name: str, count: int) -> Harm:
    """Lose the last bytes of a file."""

    def harm(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[:-count])

    return harm


def lose(name: str) -> Harm:
    return lambda folder: (folder / name).unlink()


def add(name: str) -> Harm:
    return lambda folder: (folder / name).touch()


def put_elsewhere(name: str) -> Harm:
    """Let a link of the same name lead to the same bytes, outside of the books."""

    def harm(folder: Path) -> None:
        shutil.move(folder / name, folder.parent / "elsewhere")
        (folder / name).symlink_to(folder.parent / "elsewhere")

    return harm


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        (
            edit(JANUARY, "  seq: 1\n", "  seq: one\n"),
            ("foreign-line", "this line is not ours: 'seq: one'", JANUARY, 4),
        ),
        (
            edit(JANUARY, "  seq: 1\n", f"  {'x' * 100}\n"),
            ("foreign-line", f"this line is not ours: '{'x' * 80}'", JANUARY, 4),
        ),
        # Behind the first letter it would be a line of ours.
        (
            edit(ACCOUNTS, ";; Pseudonyms, in the order of their first use", "x;; Pseudonyms"),
            (
                "foreign-line",
                "this line is not ours: 'x;; Pseudonyms. Who is who, no book says.'",
                ACCOUNTS,
                1,
            ),
        ),
        (
            edit(COUNTED, ";; Balances", "Balances"),
            (
                "foreign-line",
                "this line is not ours: 'Balances at the end of 2026-01 (UTC).'",
                COUNTED,
                1,
            ),
        ),
        (
            cut(ACCOUNTS, 5),
            (
                "torn-file",
                "ends in the middle: '2026-01-01 open Assets:Pots:G000001 '",
                ACCOUNTS,
                11,
            ),
        ),
        # Nothing reads these two of the whole books, so only their marks can tell.
        (cut(OPENING, 1), ("torn-file", "has 43 bytes of 44", OPENING, 0)),
        (edit(OPENING, "What", "what"), ("edited-file", "is not what was exported", OPENING, 0)),
        (edit(YEAR, ";; 2026", ";; 20266"), ("edited-file", "is not what was exported", YEAR, 0)),
        (lose(OPENING), ("missing-file", "is missing", OPENING, 0)),
        (lose(PLUGIN), ("missing-file", "is missing", PLUGIN, 0)),
        (add("2026/x.py"), ("foreign-file", "is not part of these books", "2026/x.py", 0)),
        (
            put_elsewhere(JANUARY),
            ("foreign-file", "is only a link to somewhere else", JANUARY, 0),
        ),
        (
            edit(MAIN, f'include "{ACCOUNTS}"\n', ""),
            ("bad-include", f"includes {ACCOUNTS} not exactly once", MAIN, 0),
        ),
        (
            edit(MAIN, f'include "{COUNTED}"\n', ""),
            ("bad-include", f"includes {COUNTED} not exactly once", MAIN, 0),
        ),
        (
            edit(MAIN, f'include "{ACCOUNTS}"\n', f'include "{ACCOUNTS}"\n' * 2),
            ("bad-include", "includes one file not exactly once", MAIN, 0),
        ),
        (
            edit(MAIN, BOOK_LINE, ""),
            ("no-book", "does not say once whose books these are", MAIN, 0),
        ),
        (
            edit(HEAD, "book 0190", "book 0191"),
            ("other-book", "is of another book than the files", HEAD, 0),
        ),
        (
            edit(BALANCES, "entries 10", "entries 9"),
            ("other-balances", "does not speak of 10 entries", BALANCES, 2),
        ),
    ],
)
def test_what_was_changed_is_named_word_for_word(
    folder: Path, harm: Harm, finding: tuple[str, str, str, int]
) -> None:
    harm(folder)
    assert told(folder) == Finding(*finding)


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        (edit(YEAR, START_LINE, ""), ("no-start", "does not say once where it begins")),
        (edit(YEAR, START_LINE, START_LINE * 2), ("no-start", "does not say once where it begins")),
        (
            edit(YEAR, f'include "{OPENING}"\n', ""),
            ("bad-include", f"includes {OPENING} not exactly once"),
        ),
    ],
)
def test_what_was_changed_in_a_year_is_named_there(
    folder: Path, harm: Harm, finding: tuple[str, str]
) -> None:
    harm(folder)
    assert told(folder, YEAR) == Finding(*finding, YEAR)


# ---------------------------------------------------------------------- the first of many is told


def test_of_many_links_or_foreign_or_missing_files_the_first_by_name_is_told(folder: Path) -> None:
    """Whoever asks twice is told the same, whatever order the disk has."""
    numbers = [f"{number:02}" for number in (*range(30, 60), *range(30))]
    for number in numbers:
        (folder / f"link-{number}").symlink_to(folder / HEAD)
    assert told(folder).file == "link-00"
    for number in numbers:
        (folder / f"link-{number}").unlink()
        (folder / f"file-{number}").write_bytes(b"")
    assert told(folder).file == "file-00"
    list_in_head(folder, *(f"lost.{number}" for number in numbers))
    assert told(folder).file == "lost.00"


def test_of_many_files_that_were_edited_the_first_by_name_is_told(folder: Path) -> None:
    with pytest.raises(FindingError) as refused:
        check_marks(folder, Head("", 0, "", "", "", dict.fromkeys([YEAR, JANUARY], Mark(0, ""))))
    assert refused.value.finding.file == YEAR
    with pytest.raises(FindingError) as refused:
        check_marks(folder, Head("", 0, "", "", "", dict.fromkeys([MAIN, ACCOUNTS], Mark(0, ""))))
    assert refused.value.finding.file == ACCOUNTS


def test_what_bean_check_left_is_told_in_order(folder: Path) -> None:
    left = [f".20{number}.beancount.picklecache" for number in range(10, 40)]
    for name in (*left[15:], *left[:15]):
        (folder / name).write_bytes(b"")
    assert read_files(folder).leftovers == tuple(left)


# -------------------------------------------------------------------------- how far the books go


HEADS: Final = [
    Head(
        book="0190",
        entries=7,
        chain="ab" * 32,
        recorded="2026-01-01T09:10:00.000000Z",
        peaks="cd" * 32,
        files={"b": Mark(3, "1" * 64), "a": Mark(2, "2" * 64)},
    ),
    Head(book="0190", entries=0, chain=ZEROS, recorded="", peaks="", files={}),
]


@pytest.mark.parametrize("head", HEADS)
def test_a_head_is_read_as_it_was_written(head: Head) -> None:
    assert Head.parse(head.text()) == head


def test_a_head_is_written_with_a_line_for_each_thing_and_its_files_in_order() -> None:
    full, empty = HEADS
    assert full.text().split("\n") == [
        LAYOUT,
        "book 0190",
        "entries 7",
        f"chain {full.chain}",
        f"recorded {full.recorded}",
        f"tree {full.peaks}",
        f"file a 2 {'2' * 64}",
        f"file b 3 {'1' * 64}",
        "",
    ]
    assert empty.text().endswith(f"chain {ZEROS}\nrecorded -\ntree -\n")


@pytest.mark.parametrize("text", ["", "timebank-books 1\nbook 0190\n", "\n"])
def test_a_head_of_another_layout_is_told(text: str) -> None:
    said = f"does not begin with '{LAYOUT}'"
    assert told_of_head(text) == Finding("unknown-layout", said, HEAD, 1)


@pytest.mark.parametrize(
    ("before", "torn"),
    [
        ("entries 7", "entries "),
        ("entries 7", "entries"),
        ("entries 7", "entry 7"),
        ("entries 7", ""),
        ("entries 7", "file a 2 3"),
        ("entries 7", f"file a two {'2' * 64}"),
        ("entries 7", f"file ../a/b?c 2 {'2' * 64}"),
    ],
)
def test_a_line_of_a_head_that_is_torn_is_told(before: str, torn: str) -> None:
    text = HEADS[0].text().replace(before, torn)
    assert told_of_head(text) == Finding("torn-head", f"can not be read: {torn!r}", HEAD, 3)


@pytest.mark.parametrize("lost", ["book", "entries", "chain", "recorded", "tree"])
def test_a_head_that_lacks_something_is_told(lost: str) -> None:
    lines = HEADS[0].text().splitlines(keepends=True)
    text = "".join(line for line in lines if not line.startswith(f"{lost} "))
    assert told_of_head(text) == Finding("torn-head", f"lacks a readable '{lost}'", HEAD)


def test_a_head_whose_entries_are_no_number_is_told() -> None:
    found = told_of_head(HEADS[0].text().replace("entries 7", "entries ten"))
    assert (found.reason, found.file, found.line) == ("torn-head", HEAD, 0)
    assert found.detail.startswith("lacks a readable ")
    assert "'ten'" in found.detail


# ------------------------------------------------------------------------- sound books are read


def test_sound_books_are_read_from_their_beginning(folder: Path) -> None:
    files = read_files(folder)
    assert files.head.text() == (folder / HEAD).read_text("utf-8")
    assert (files.book, files.start) == (files.head.book, None)
    assert list(files.texts) == [MAIN, ACCOUNTS, JANUARY, COUNTED]
    assert all(text == (folder / name).read_text("utf-8") for name, text in files.texts.items())
    assert files.balances["M000001"] == (640, 0, 0, 9)
    assert (len(files.balances), files.leftovers) == (6, ())
    assert (files.checkpoint, files.key, files.signed) == ("", "", {})
    check_marks(folder, files.head)


def test_the_books_of_a_year_begin_where_it_says(folder: Path) -> None:
    files = read_files(folder, YEAR)
    assert files.start == Start(entries=0, chain=ZEROS, peaks="")
    assert list(files.texts) == [YEAR, ACCOUNTS, OPENING, JANUARY, COUNTED]
    text = START_LINE.replace('start" 0', 'start" 12').replace('""', f'"{"ab" * 64}"')
    assert parse_start(YEAR, text) == Start(entries=12, chain=ZEROS, peaks="ab" * 64)


def test_what_was_signed_is_read_where_head_names_it(folder: Path) -> None:
    names = (CHECKPOINT, KEY, SIGNED_KEYS, SIGNED_MONTHS, "signed/2025.txt", "signed/2026.txt")
    (folder / "signed").mkdir()
    for name in names:
        (folder / name).write_text(f"Søren signed {name}\n", "utf-8")
    list_in_head(folder, *names)
    files = read_files(folder)
    assert files.checkpoint == f"Søren signed {CHECKPOINT}\n"
    assert files.key == f"Søren signed {KEY}\n"
    assert files.signed == {name: f"Søren signed {name}\n" for name in names[2:]}


def test_notes_that_the_books_include_are_not_read(folder: Path) -> None:
    include = f'include "{COUNTED}"\n'
    change(folder, MAIN, include, f'{include}include "local/notes.beancount"\n')
    assert list(read_files(folder).texts) == [MAIN, ACCOUNTS, JANUARY, COUNTED]


@pytest.mark.parametrize("begins", ["", "entries 2\n", "timebank-balances 0\nentries 2\n"])
def test_balances_that_do_not_say_what_they_are_are_told(begins: str) -> None:
    with pytest.raises(FindingError) as refused:
        parse_balances(f"{begins}M000001 5 1 2 3\n", 2)
    said = "does not speak of 2 entries"
    assert refused.value.finding == Finding("other-balances", said, BALANCES, 2)
    assert parse_balances("timebank-balances 1\nentries 2\nM000001 -5 1 2 3\n", 2) == {
        "M000001": (-5, 1, 2, 3)
    }


@pytest.mark.parametrize(
    ("name", "year"),
    [
        ("signed/2026.txt", 2026),
        ("signed/0001.txt", 1),
        (SIGNED_KEYS, None),
        (SIGNED_MONTHS, None),
        ("signed/26.txt", None),
        ("2026.txt", None),
        ("signed/2026.txt.txt", None),
        ("local/signed/2026.txt", None),
    ],
)
def test_the_year_of_a_file_with_what_was_signed(name: str, year: int | None) -> None:
    assert signed_year_of(name) == year
    assert is_signed(name) == (year is not None or name in {SIGNED_KEYS, SIGNED_MONTHS})


def test_a_mark_is_the_length_in_bytes_and_the_digest() -> None:
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert mark(b"") == Mark(0, empty)
    assert mark("ø".encode()).length == 2
