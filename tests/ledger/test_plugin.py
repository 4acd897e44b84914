"""The plugin that travels with the books: beancount, the standard library, and nothing of ours."""

import ast
import datetime as dt
import gc
import json
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from beancount import loader
from hypothesis import given
from hypothesis import strategies as st

from ledger import accounts, chain, entries, layout, merkle
from ledger.audit import plugin
from ledger.audit.__main__ import main
from ledger.audit.check import audit
from ledger.books import PLUGIN_SOURCE
from tests.ledger.desk import ANN, BEN, CAT, DROP_IN, POT, Desk
from tests.ledger.test_audit import golden_books, relink, remark
from tests.ledger.test_books import exported
from tests.ledger.test_chain import ten_entries
from tests.ledger.vault import ORIGIN, Vault

#: What `pip install beancount` brings.
BROUGHT = ("beancount", "click", "dateutil", "regex", "six.py")
STARTER = """
import sys
sys.path[:] = [path for path in sys.path if "site-packages" not in path] + [sys.argv.pop(1)]
sys.dont_write_bytecode = True
from beancount.scripts.check import main
try:
    main()
finally:
    foreign = {"ledger", "timebank", "sqlalchemy", "cryptography", "flask"} & set(sys.modules)
    assert not foreign, foreign
"""


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a machine on which there is beancount and nothing else."""
    installed = Path(sysconfig.get_paths()["purelib"])
    folder = tmp_path_factory.mktemp("elsewhere")
    for name in BROUGHT:
        (folder / name).symlink_to(installed / name)
    return folder


def check_elsewhere(elsewhere: Path, top: Path) -> str:
    """What bean-check says there; nothing is good news."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", STARTER, elsewhere, "--no-cache", top],
        check=False,
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def check_here(folder: Path) -> str:
    """The same in this process, where it is seen which lines are run."""
    probe = folder / "probe.beancount"
    main = (folder / "main.beancount").read_text("utf-8")
    probe.write_text(main.replace('plugin "timebank_books"\n', ""), "utf-8")
    directives, _errors, options = loader.load_file(str(probe))
    probe.unlink()
    same, errors = plugin.check_books(directives, options)
    assert same is directives
    return "".join(f"{error.source['filename']}: {error.message}\n" for error in errors)


@pytest.fixture
def folder(desk: Desk, tmp_path: Path) -> Path:
    """Books of two years with holds and a checkpoint, carried elsewhere."""
    ten_entries(desk)
    vault = Vault(desk, tmp_path / "vault")
    vault.begin()
    held = [desk.hold(ANN, BEN, 30, days=900, key=f"hold:{n}") for n in range(3)]
    desk.capture(held[0].entry_id, (ANN, BEN, 20), key="capture:1")
    desk.now = dt.datetime(2027, 2, 3, tzinfo=dt.UTC)
    desk.release(held[1].entry_id, key="release:1")
    desk.post(legs=((DROP_IN, CAT, 5), (DROP_IN, POT, 5)), kind="activity")
    vault.seal()
    desk.post(BEN, CAT, 3)
    exported(desk, tmp_path / "home")
    return Path(shutil.move(tmp_path / "home", tmp_path / "carried here"))


@pytest.mark.parametrize("top", ["main.beancount", "2026.beancount", "2027.beancount"])
def test_bean_check_verifies_everything_where_there_is_nothing_but_beancount(
    elsewhere: Path, folder: Path, top: str
) -> None:
    assert check_elsewhere(elsewhere, folder / top) == ""
    assert check_here(folder) == ""
    assert audit(folder, top).ok


@pytest.mark.parametrize(
    ("name", "was", "becomes", "found"),
    [
        ("2026/01.beancount", 'key: "gift:1"', 'key: "gift:2"', "broken-chain"),
        ("2026/01.beancount", "#pot", "#cafe", "foreign-mark"),
        ("2026/01.beancount", ";;", ";; ", "edited-file"),
        ("2026/01.beancount", ";;", '2026-01-02 note Assets:Pots "x"\n;;', "foreign-line"),
        ("2026/01.beancount", ";;", '2026-01-02 custom "x" 1\n;;', "foreign-line"),
        ("CHECKPOINT", "chain ", "chain 0", "torn-checkpoint"),
        ("CHECKPOINT", "\n", "", "torn-checkpoint"),
        ("CHECKPOINT", "\n16\n", "\n18\n", "missing-entry"),
        ("BALANCES", "M000001 ", "M000001 1", "other-balances"),
        ("BALANCES", "entries 17", "entries 16", "other-balances"),
        ("HEAD", "entries 17", "entries x", "other-balances"),
        ("HEAD", "\nchain ", "\nchain 0", "broken-chain"),
        ("HEAD", "\nrecorded ", "\nrecarded ", "torn-head"),
    ],
)
def test_what_was_changed_is_named_by_stock_bean_check(
    elsewhere: Path, folder: Path, name: str, was: str, becomes: str, found: str
) -> None:
    text = (folder / name).read_text("utf-8")
    assert was in text
    (folder / name).write_text(text.replace(was, becomes, 1), "utf-8")
    assert f" {found}: " in check_elsewhere(elsewhere, folder / "main.beancount")
    assert f": {found}: " in check_here(folder)


@pytest.mark.parametrize("name", ["HEAD", "BALANCES", "KEY"])
def test_a_missing_file_is_named_by_stock_bean_check(
    elsewhere: Path, folder: Path, name: str
) -> None:
    (folder / name).unlink()
    assert "missing-file" in check_elsewhere(elsewhere, folder / "main.beancount")
    assert check_here(folder).startswith(f"{folder / name}: missing-file: ")


def test_notes_say_what_they_like_and_move_no_hours(elsewhere: Path, folder: Path) -> None:
    (folder / "local").mkdir()
    notes = folder / "local/notes.beancount"
    with (folder / "main.beancount").open("a", encoding="utf-8") as main:
        main.write('include "local/notes.beancount"\n')
    remark(folder)
    harmless = (
        "2026-01-01 open Expenses:Cake\n2026-01-01 open Assets:Cash\n"
        '2026-02-01 * "Cake"\n  Expenses:Cake  5 EUR\n  Assets:Cash\n'
        '2026-02-02 note Assets:Pots "Counted by hand"\n'
    )
    notes.write_text(harmless, "utf-8")
    assert check_elsewhere(elsewhere, folder / "main.beancount") == ""
    assert check_here(folder) == ""
    for account in ("Assets:Members:M000001", "Assets:Members"):
        moved = f'2028-02-01 * "Mine"\n  {account}  5 MIN\n  Assets:Cash  -5 MIN\n'
        notes.write_text(harmless + moved, "utf-8")
        said = check_elsewhere(elsewhere, folder / "main.beancount")
        assert "foreign-entry: notes must not move hours" in said
        assert "foreign-entry: notes must not move hours" in check_here(folder)


def test_the_audit_says_what_a_year_does_not_know_and_who_signed(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gc.disable()
    try:
        assert main([str(folder), "--year", "2027", "--verdict", str(tmp_path / "said")]) == 0
        assert not gc.isenabled()
    finally:
        gc.enable()
    said = capsys.readouterr().out
    assert "\n3 entries, 6 accounts, adding up to 0 MIN\n" in said
    assert "\nbegins behind entry 14, with what accounts held then\n" in said
    assert "\n1 entries refer to years before, which were not looked at\n" in said
    assert f"\nsigned over 16 entries with {ORIGIN}+" in said
    verdict = json.loads((tmp_path / "said").read_text("utf-8"))
    assert (verdict["top"], verdict["first"], verdict["ok"]) == ("2027.beancount", 14, True)
    assert verdict["checked"] == [
        *("lines", "signature", "beancount", "chain", "sum", "holds", "balances", "tree", "files"),
    ]
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("name", "was", "becomes", "reason"),
    [
        ("CHECKPOINT", "\n16\n", "\n15\n", "bad-signature"),
        ("CHECKPOINT", "\n16\n", "\nx\n", "bad-signature"),
        ("KEY", "village", "hamlet", "torn-key"),
        ("timebank_books.py", "once", "twice", "foreign-plugin"),
        ("2027.beancount", 'custom "timebank-start"', ';; "timebank-start"', "foreign-line"),
    ],
)
def test_who_signed_and_what_would_be_run_is_looked_at(
    folder: Path, name: str, was: str, becomes: str, reason: str
) -> None:
    text = (folder / name).read_text("utf-8")
    assert was in text
    (folder / name).write_text(text.replace(was, becomes, 1), "utf-8")
    [found] = audit(folder, "2027.beancount").findings
    assert (found.reason, found.file) == (reason, name)


def test_a_year_says_once_where_it_begins(folder: Path) -> None:
    top = folder / "2027.beancount"
    lines = top.read_text("utf-8").splitlines(keepends=True)
    top.write_text("".join(line for line in lines if "timebank-start" not in line), "utf-8")
    [found] = audit(folder, "2027.beancount").findings
    assert (found.reason, found.file) == ("no-start", "2027.beancount")


# ------------------------------------------- two implementations, written apart


def test_the_plugin_stands_alone() -> None:
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(ast.parse(PLUGIN_SOURCE.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert {name.split(".")[0] for name in imported} <= sys.stdlib_module_names


def test_both_know_the_same_kinds_and_sources() -> None:
    assert set(plugin.ASIDE) == layout.ASIDE_KINDS <= set(entries.ENTRY_KINDS)
    assert accounts.BOOK_PARENTS == plugin.PARENTS
    fixed = (accounts.OPENING, accounts.ADJUSTMENT, accounts.WRITTEN_OFF)
    assert sorted(plugin.SOURCES.values()) == sorted(fixed)
    assert chain.NO_MEMO.hex() == plugin.NOTHING


@given(
    st.one_of(
        st.from_regex(r"[MGN][0-9]{5,13}", fullmatch=True),
        st.from_regex(r"activity(-[a-z0-9]{0,4}){1,3}", fullmatch=True),
        st.sampled_from(["opening", "adjustment", "written-off", "activity", ""]),
    )
)
def test_both_name_accounts_alike(code: str) -> None:
    if accounts.kind_of(code) is not None:
        assert plugin.account_code(accounts.book_name(code)) == code


@given(
    st.one_of(
        st.from_regex(r"(Assets|Equity):(Members|Pots|Activity|Opening)(:[A-Za-z0-9-]{1,9}){0,2}"),
        st.from_regex(r"Equity:Activity:[A-Z][a-z0-9-]{0,9}", fullmatch=True),
    )
)
def test_both_know_which_names_are_accounts(name: str) -> None:
    assert plugin.account_code(name) == accounts.code_of(name)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=70), st.integers(0, 70))
def test_both_grow_the_same_tree(leaves: list[bytes], cut: int) -> None:
    edge = merkle.Frontier()
    edge.grow(leaves[:cut])
    tree = plugin.Tree(edge.size, b"".join(edge.peaks).hex())
    edge = merkle.Frontier.of(edge.size, edge.peaks)
    for leaf in leaves[cut:]:
        edge.add(leaf)
        tree.add(leaf)
    assert tree.is_whole
    assert tree.head() == edge.head()


def test_the_liar_is_found_by_the_plugin_too(elsewhere: Path, tmp_path: Path) -> None:
    """The rules that hold whatever the chain says, as in the tests of the audit."""
    folder = golden_books(tmp_path / "books")
    january = folder / "2026/01.beancount"
    january.write_text(
        january.read_text("utf-8").replace('key: "exchange:2"', 'key: "exchange:1"'), "utf-8"
    )
    relink(folder)
    assert "same-key" in check_elsewhere(elsewhere, folder / "main.beancount")
