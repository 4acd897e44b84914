"""Sealing the books: each night, on demand, and never against what was signed before."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask, current_app
from sqlalchemy.orm import Session

from ledger import keys, published
from ledger.files import put
from ledger.notes import PublicKey
from ledger.proof_errors import LostPrivateKey, RewrittenBook
from ledger.receipts import check
from tests.factories import NOW, make_community, make_member
from timebank import worker
from timebank.cli import cli
from timebank.communities import queries as communities
from timebank.communities.models import Community
from timebank.db import db
from timebank.hours import proofs, sealing, service
from timebank.hours.errors import (
    NoSuchCheckpointError,
    NoSuchEntryError,
    NotAsSignedError,
    NotSealedYetError,
)
from timebank.hours.sealing import Vault


class Village:
    """A community with two neighbours, at home in a folder of its own."""

    def __init__(self, session: Session, vault: Vault, community: Community) -> None:
        self.session = session
        self.vault = vault
        self.community = community
        self.ann, self.ben, self.cat = (
            make_member(session, community, first_name=name) for name in ("Ann", "Ben", "Cat")
        )
        self.given = 0

    def give(self) -> UUID:
        """Let Ben help Ann for an hour; return the entry."""
        self.given += 1
        self.session.rollback()
        done = service.transfer(
            *(self.session, self.community),
            receiver=self.ann,
            giver=self.ben,
            minutes=60,
            happened_on=NOW.date(),
            category="company",
            key=f"exchange:{self.given}",
            by=self.ann,
            now=NOW,
            memo="Thank you",
        )
        self.session.commit()
        return done.entry_id


@pytest.fixture
def village(app: Flask, session: Session, tmp_path: Path) -> Village:
    community = make_community(session, slug="village", time_zone="Europe/Copenhagen")
    vault = Vault(tmp_path / "keys", tmp_path / "checkpoints", "village.example/at/village")
    made = Village(session, vault, community)
    session.commit()
    return made


def later(days: float) -> dt.datetime:
    return NOW + dt.timedelta(days=days)


def community_of(app: Flask) -> Community:
    """The village, as the application itself reads it."""
    found = communities.by_slug(db.session(), "village")
    assert found
    return found


def seal(app: Flask, village: Village, *, days: float = 0) -> int | None:
    village.session.rollback()
    with app.app_context():
        sealed = sealing.seal(community_of(app), village.vault, now=later(days))
    return sealed.size if sealed else None


def test_the_first_seal_needs_nothing_to_be_set_up(app: Flask, village: Village) -> None:
    assert seal(app, village) is None
    assert not village.vault.folder.exists()
    village.give()
    assert seal(app, village) == 1
    assert seal(app, village) is None
    newest = proofs.latest(village.session, village.community.id)
    assert newest
    assert newest.head.origin == "village.example/at/village"
    assert [note for _name, note in published.notes_in(village.vault.folder)] == [newest.note]
    text = proofs.keys_text(village.session, village.community.id)
    assert (village.vault.folder / published.KEYS).read_text("utf-8") == text


def test_a_checkpoint_that_did_not_reach_its_folder_is_laid_there_the_next_time(
    app: Flask, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.give()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("ledger.published.put", full)
        with pytest.raises(OSError, match="No space"):
            seal(app, village)
    assert proofs.latest(village.session, village.community.id)
    assert not village.vault.folder.exists()
    assert seal(app, village) is None
    assert len(list(published.notes_in(village.vault.folder))) == 1


def test_a_book_that_was_put_back_is_refused_and_named_in_the_log(
    app: Flask, village: Village, caplog: pytest.LogCaptureFixture
) -> None:
    village.give()
    seal(app, village)
    # What lies outside is of a longer book: this database is an older backup.
    note = next(published.notes_in(village.vault.folder))[1]
    other = note.replace("\n1\n", "\n2\n")
    (village.vault.folder / "000000000002-00000000.note").write_text(other, "utf-8")
    village.give()
    with app.app_context(), pytest.raises(RewrittenBook):
        sealing.seal(community_of(app), village.vault, now=later(1))
    with app.app_context():
        settings = current_app.config["SETTINGS"]
        own = Vault.of(settings, community_of(app))
        put(own.folder / "000000000002-00000000.note", other.encode())
        assert sealing.seal_after_night(settings, now=later(1)) == 0
    assert "the book of village is not sealed: rewritten-book" in caplog.text


@pytest.mark.parametrize(
    ("signed", "now", "due"),
    [
        # In Copenhagen the night ends at one o'clock UTC in summer.
        ("2026-05-04T00:59", "2026-05-04T01:00", True),
        ("2026-05-04T01:00", "2026-05-05T00:59", False),
        ("2026-05-04T01:00", "2026-05-05T01:00", True),
    ],
)
def test_a_night_is_over_where_the_community_lives(signed: str, now: str, due: bool) -> None:  # noqa: FBT001 -- pytest's way
    at = dt.datetime.fromisoformat(f"{now}:00+00:00")
    night = sealing.last_night("Europe/Copenhagen", now=at)
    assert (dt.datetime.fromisoformat(f"{signed}:00+00:00") < night) is due


def test_the_worker_seals_each_book_once_a_night(
    app: Flask, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    village.give()
    moments = iter((NOW, NOW + dt.timedelta(minutes=10), later(1), later(2)))
    done = []
    for now in moments:
        monkeypatch.setattr(worker, "utc_now", lambda now=now: now)
        [job] = [job for job in worker.jobs() if job.name == "books are sealed"]
        done.append(worker.run_once(app, [job]))
        if now == NOW:
            village.give()
    assert done == [1, 0, 1, 0]


def test_a_folder_that_can_not_be_written_holds_up_no_other_book(
    app: Flask, village: Village, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    village.give()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ledger.published.put", full)
    with app.app_context():
        assert sealing.seal_after_night(current_app.config["SETTINGS"], now=later(3)) == 0
    assert "was not laid outside" in caplog.text


def test_a_key_is_replaced_and_destroyed(app: Flask, village: Village) -> None:
    village.give()
    seal(app, village)
    [first] = proofs.keys_of(village.session, village.community.id)
    with app.app_context():
        made = sealing.rotate(community_of(app), village.vault, now=later(1))
    assert not keys.private_path(village.vault.secrets, first.key.public).exists()
    assert made.handover
    assert keys.check_handover(made.handover, first.key) == made.key
    village.give()
    assert seal(app, village, days=2) == 2
    with app.app_context():
        keys.private_path(village.vault.secrets, made.key.public).unlink()
        with pytest.raises(LostPrivateKey):
            sealing.rotate(community_of(app), village.vault, now=later(3))
        lost = sealing.rotate(community_of(app), village.vault, now=later(3), is_lost=True)
    assert lost.handover is None


# ----------------------------------------------------------------------------- receipts


def test_a_member_has_receipts_for_their_own_hours_alone(app: Flask, village: Village) -> None:
    entry_id = village.give()
    session = village.session
    with pytest.raises(NotSealedYetError) as early:
        proofs.receipt(session, village.ann, entry_id)
    assert early.value.seq == 1
    session.rollback()
    seal(app, village)
    receipt = proofs.receipt(session, village.ben, entry_id)
    [key] = proofs.keys_of(session, village.community.id)
    assert check(receipt, keys=[key.key]).entry.seq == 1
    for member, asked in ((village.cat, entry_id), (village.ann, village.ann.id)):
        with pytest.raises(NoSuchEntryError):
            proofs.receipt(session, member, asked)


def test_the_pages_read_checkpoints_and_what_leads_from_one_to_the_next(
    app: Flask, village: Village, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(3):
        village.give()
        seal(app, village, days=day)
    session, book_id = village.session, village.community.id
    assert [each.size for each in proofs.listed(session, book_id, limit=2)] == [3, 2]
    assert [each.size for each in proofs.listed(session, book_id, before_size=2)] == [1]
    assert proofs.find(session, book_id, 2).size == 2
    assert len(proofs.contained(session, book_id, 1, 3).splitlines()) == 2
    with pytest.raises(NoSuchCheckpointError):
        proofs.find(session, book_id, 7)

    def wrong(*_: object) -> None:
        raise RewrittenBook(2)

    monkeypatch.setattr("ledger.checkpoints.consistency", wrong)
    with pytest.raises(NotAsSignedError) as refused:
        proofs.contained(session, book_id, 1, 3)
    assert refused.value.reason == "rewritten-book"


# ----------------------------------------------------------------------------- commands


def run(app: Flask, *words: str | Path) -> Result:
    return app.test_cli_runner().invoke(cli, [str(word) for word in words])


def test_at_a_terminal_a_book_is_sealed_and_its_keys_are_looked_after(
    make_app: Callable[..., Flask], village: Village
) -> None:
    app = make_app()
    assert run(app, "ledger", "keys", "list").output == "There is no key yet."
    made = run(app, "ledger", "keys", "new").output.strip()
    assert PublicKey.parse(made).name == "timebank.example/at/village"
    again = run(app, "ledger", "keys", "new")
    assert again.exit_code == 1
    assert "signs as timebank.example/at/village already" in again.output
    assert len(list((app.config["SETTINGS"].home / "keys").glob("village-*/*"))) == 1
    assert "nothing was recorded" in run(app, "ledger", "checkpoint").output
    village.give()
    said = run(app, "ledger", "checkpoint", "--community", "village")
    assert said.exit_code == 0
    assert "village: 1 entries are sealed" in said.output
    rotated = run(app, "ledger", "keys", "rotate").output.strip()
    listed = run(app, "ledger", "keys", "list").output
    assert made in listed
    assert rotated in listed
    assert "Tell everybody" in run(app, "ledger", "keys", "rotate", "--lost").output
    line = run(app, "ledger", "keys", "new", "--origin", "village.example/second").output
    assert line.startswith("village.example/second+")
    assert "right" in run(app, "ledger", "verify").output


def test_at_a_terminal_a_book_without_its_key_says_what_to_do(
    make_app: Callable[..., Flask], village: Village
) -> None:
    app = make_app()
    run(app, "ledger", "keys", "new")
    village.give()
    [path] = (app.config["SETTINGS"].home / "keys").glob("village-*/*")
    path.unlink()
    said = run(app, "ledger", "checkpoint")
    assert said.exit_code == 1
    assert "keys rotate --lost" in said.output
    assert run(app, "ledger", "keys", "rotate").exit_code == 1


def test_at_a_terminal_a_new_installation_has_nothing_to_seal(app: Flask) -> None:
    assert "There is no community yet." in run(app, "ledger", "checkpoint").output


def test_verify_tells_of_a_book_that_is_shorter_than_what_was_published(
    make_app: Callable[..., Flask], village: Village
) -> None:
    app = make_app()
    village.give()
    run(app, "ledger", "checkpoint")
    [folder] = (app.config["SETTINGS"].home / "checkpoints").glob("village-*")
    [(_name, note)] = published.notes_in(folder)
    assert run(app, "ledger", "verify").exit_code == 0
    (folder / "000000000009-00000000.note").write_text(note.replace("\n1\n", "\n9\n"), "utf-8")
    said = run(app, "ledger", "verify")
    assert said.exit_code == 1
    assert "bad-signature" in said.output


@pytest.fixture
def held(make_app: Callable[..., Flask], village: Village, tmp_path: Path) -> Path:
    """A folder with a receipt, its checkpoint and its key, far from the installation."""
    app = make_app()
    entry_id = village.give()
    run(app, "ledger", "checkpoint")
    receipt = proofs.receipt(village.session, village.ann, entry_id)
    folder = tmp_path / "held"
    folder.mkdir()
    (folder / "receipt.txt").write_text(receipt.text(["Keep this."]), "utf-8")
    (folder / "checkpoint.note").write_text(receipt.note, "utf-8")
    keys_text = proofs.keys_text(village.session, village.community.id)
    (folder / "keys.txt").write_text(keys_text, "utf-8")
    village.session.rollback()
    return folder


def test_a_receipt_is_right(app: Flask, held: Path) -> None:
    said = run(app, "receipt", "verify", held / "receipt.txt", "--key", held / "keys.txt")
    assert said.exit_code == 0
    assert said.output.startswith("The receipt is right.\nEntry 1 of timebank.example/at/village")
    assert "M000001 -> M000002  60 minutes" in said.output
    key = (held / "keys.txt").read_text("utf-8").splitlines()[1]
    assert (
        f"signed by {key}"
        in run(app, "receipt", "verify", held / "receipt.txt", "--key", key).output
    )
    told = run(
        *(app, "receipt", "verify", held / "receipt.txt"),
        *("--checkpoint", held / "checkpoint.note"),
    )
    assert "The checkpoint is one of those you gave." in told.output
    facts = json.loads(
        run(
            *(app, "receipt", "verify", held / "receipt.txt", "--json"),
            *("--checkpoint", held / "checkpoint.note"),
        ).output
    )
    assert (facts["ok"], facts["is_published"], facts["signed_by"]) == (True, True, [])
    assert facts["entry"]["legs"] == [
        {"payer_code": "M000001", "payee_code": "M000002", "minutes": 60}
    ]


def test_a_receipt_that_was_changed_is_told_what_is_wrong(app: Flask, held: Path) -> None:
    path = held / "receipt.txt"
    text = path.read_text("utf-8")
    for old, new, words in (
        (",60]", ",90]", "Entry 1 is not among the 1 that were signed."),
        ("index 0", "index 1", "is number 1, but the proof is about number 2"),
        ("\n1\n", "\n2\n", "it was changed"),
        ("@v1", "@v2", "line 5 (head) is not as it was given out"),
    ):
        path.write_text(text.replace(old, new), "utf-8")
        said = run(app, "receipt", "verify", path, "--key", held / "keys.txt")
        assert said.exit_code == 1
        assert words in said.output, said.output
    path.write_bytes(b"\xff" * 9)
    said = run(app, "receipt", "verify", path, "--json", "--key", held / "keys.txt")
    facts = json.loads(said.output)
    assert (facts["ok"], facts["reason"], facts["facts"]["part"]) == (False, "torn-receipt", "head")


def test_a_receipt_needs_somebody_whose_word_counts(
    app: Flask, held: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = held / "receipt.txt"
    monkeypatch.setenv("TIMEBANK_HOME", str(tmp_path / "nowhere"))
    said = run(app, "receipt", "verify", path)
    assert said.exit_code == 2
    assert "--key" in said.output
    assert run(app, "receipt", "verify", path, "--key", "no key").exit_code == 1
    assert run(app, "receipt", "verify", path, "--key", "x" * 5_000).exit_code == 1
    # At the installation itself its own published keys count.
    monkeypatch.setenv("TIMEBANK_HOME", str(tmp_path))
    assert run(app, "receipt", "verify", path).exit_code == 0
    torn = tmp_path / "checkpoints" / "a"
    torn.mkdir()
    (torn / published.KEYS).write_text("torn", "utf-8")
    assert run(app, "receipt", "verify", path).exit_code == 0
