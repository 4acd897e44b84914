"""Commands of what is signed: checkpoints, the keys that sign them, and receipts."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from flask import current_app
from flask.cli import AppGroup

from ledger import published
from ledger.errors import LedgerRefusal
from ledger.months import MonthEnd, check_balance
from ledger.notes import PublicKey
from ledger.periods import SealedMonth
from ledger.proof_errors import NothingTrusted, TornKey
from ledger.receipts import LENGTH_MAX, Proven, Receipt, check
from timebank.clock import utc_now
from timebank.communities import queries as communities
from timebank.communities.commands import community_option, one_community
from timebank.communities.models import Community
from timebank.config import HOME_DEFAULT
from timebank.db import db
from timebank.hours import months, proofs, sealing
from timebank.hours.commands import json_option, ledger_group
from timebank.hours.sealing import Vault

#: What each refusal means to somebody at a terminal.
WORDS: Final[Mapping[str, str]] = {
    "rewound-book": (
        "The book has {entries} entries, but {published} were signed before. An older backup was"
        " put back, or the end was cut off. Nothing was signed: see docs/ledger.md, 'When a book"
        " is shorter than what was signed'."
    ),
    "rewritten-book": (
        "The first {size} entries are not those that were signed. The book was changed behind the"
        " application's back. Nothing was signed."
    ),
    "edited-entry": "Entry {seq} is not what was recorded, or is missing. Nothing was signed.",
    "broken-tree": "A stored hash of the tree is missing (tier {tier}, number {n}).",
    "lost-private-key": (
        "The private key is not in {path}. Put it back from your backup, or make a new one with:"
        " timebank ledger keys rotate --lost"
    ),
    "no-signing-key": "There is no key yet. The first seal makes one: timebank ledger checkpoint",
    "key-in-use": "The book signs as {origin} already. To replace the key: keys rotate",
    "torn-key": "This is not a public key, or not the whole of it: {text}",
    "torn-note": "The checkpoint is not a signed note ({detail}).",
    "unknown-signer": (
        "It is signed by {signers}, and none of these is a key you trust. Take the key from a"
        " place you trust, and look whether it was replaced in the meantime."
    ),
    "bad-signature": "The signature by {signer} does not fit the checkpoint: it was changed.",
    "other-origin": "The checkpoint is of {origin}, but it is signed by {signer}.",
    "torn-receipt": "It is not whole: line {line} ({part}) is not as it was given out.",
    "other-place": "The entry is number {seq}, but the proof is about number {proven_seq}.",
    "not-under-head": (
        "Entry {seq} is not among the {size} that were signed. Something in the entry or in the"
        " proof was changed."
    ),
    "not-under-month": (
        "What it says of account {code} is not what was signed for {period}. Something in it was"
        " changed."
    ),
    "other-checkpoint": (
        "Its checkpoint, over {size} entries, is not among those you gave (over {published})."
    ),
    "split-view": (
        "There are two different checkpoints over {size} entries of {origin}. Somebody was shown"
        " another book: tell the community."
    ),
    "nothing-trusted": (
        "Say whose word counts: --key with the public key, or --checkpoint with a checkpoint as it"
        " was published. Both stand on the community's page of checkpoints."
    ),
}


def register(cli: AppGroup) -> None:
    """Add these commands to the command line."""
    cli.add_command(receipt_group)


receipt_group = AppGroup("receipt", help="Check a receipt that somebody holds.")
keys_group = AppGroup("keys", help="The keys that sign the checkpoints.")
ledger_group.add_command(keys_group)


@ledger_group.command("checkpoint")
@community_option
def checkpoint_command(slug: str | None) -> None:
    """Sign what the book holds now, and lay it in the folder of checkpoints.

    The worker does this each night. Looks at every community unless one is named.
    """
    chosen = [one_community(slug)] if slug else list(communities.every(db.session()))
    if not chosen:
        raise click.ClickException("There is no community yet.")
    failed = False
    for name, community in [(each.slug, each) for each in chosen]:
        vault = _vault(community)
        try:
            sealed = sealing.seal(community, vault, now=utc_now())
        except LedgerRefusal as refusal:
            click.echo(f"{name}: {words_of(refusal)}", err=True)
            failed = True
            continue
        if sealed is None:
            click.echo(f"{name}: nothing was recorded since the last checkpoint.")
        else:
            click.echo(f"{name}: {sealed.size} entries are sealed, in {vault.folder}")
    sys.exit(1 if failed else 0)


@ledger_group.command("months")
@community_option
@json_option
def months_command(*, slug: str | None, as_json: bool) -> None:
    """Seal each month that is over, and list the sealed months, the newest first.

    The worker seals them by itself. Looks at every community unless one is named.
    """
    chosen = [one_community(slug)] if slug else list(communities.every(db.session()))
    if not chosen:
        raise click.ClickException("There is no community yet.")
    failed, told = False, {}
    for name, community in [(each.slug, each) for each in chosen]:
        try:
            months.seal(community, _vault(community), now=utc_now())
        except LedgerRefusal as refusal:
            click.echo(f"{name}: {words_of(refusal)}", err=True)
            failed = True
        told[name] = months.listed(db.session(), community.id, before=None, limit=1_000)
    if as_json:
        facts = {name: [_month_facts(each) for each in found] for name, found in told.items()}
        click.echo(json.dumps(facts, indent=2))
    else:
        for name, found in told.items():
            for each in found:
                head = each.head
                click.echo(
                    f"{name}: {each.period}, {head.size} entries, {head.accounts} accounts,"
                    f" balances {head.trial_root.hex()}"
                )
            if not found:
                click.echo(f"{name}: no month is over yet.")
    sys.exit(1 if failed else 0)


def _month_facts(sealed: SealedMonth) -> dict[str, Any]:
    head = sealed.head
    return {
        "month": sealed.period,
        "through": head.month.through_on.isoformat(),
        "entries": head.size,
        "root": head.root.hex(),
        "accounts": head.accounts,
        "balances": head.trial_root.hex(),
        "before": head.prev.hex(),
        "sealed_at": sealed.sealed_at.isoformat(),
    }


@keys_group.command("list")
@community_option
def list_command(slug: str | None) -> None:
    """Show the public keys, and when each of them signed."""
    click.echo(
        proofs.keys_text(db.session(), one_community(slug).id) or "There is no key yet.", nl=False
    )


@keys_group.command("new")
@community_option
@click.option("--origin", help="A name of its own, to begin a new line of checkpoints.")
def new_command(slug: str | None, origin: str | None) -> None:
    """Make a key before the first seal, or begin a new line of checkpoints.

    A new line is for one case only: entries that were signed are lost for good, and everybody was
    told. Checkpoints of the line before stay where they are.
    """
    community = one_community(slug)
    vault = _vault(community)
    with _in_words():
        made = sealing.begin(community, vault, origin or vault.origin, now=utc_now())
    click.echo(str(made.key))


@keys_group.command("rotate")
@community_option
@click.option("--lost", is_flag=True, help="The old private key is gone and can sign no handover.")
def rotate_command(slug: str | None, *, lost: bool) -> None:
    """Replace the key. The old one signs a note that names the new one, and is destroyed."""
    community = one_community(slug)
    with _in_words():
        made = sealing.rotate(community, _vault(community), now=utc_now(), is_lost=lost)
    click.echo(str(made.key))
    if made.handover is None:
        click.echo("Tell everybody who keeps the old key: nobody can follow by themselves.")


@receipt_group.command("verify", with_appcontext=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key", "given_keys", multiple=True, help="A public key you trust, or a file of such keys."
)
@click.option(
    "--checkpoint",
    "checkpoints",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint as it was published.",
)
@json_option
def verify_command(
    file: Path, given_keys: tuple[str, ...], checkpoints: tuple[Path, ...], *, as_json: bool
) -> None:
    """Check the receipt in FILE, without network and without database.

    Ends with 0 if it is right. Without --key and --checkpoint it trusts the keys that this
    installation has published, where there is one.
    """
    try:
        receipt = Receipt.parse(_text_of(file))
        keys = tuple(key for given in given_keys for key in _keys_of(given))
        if not keys and not checkpoints:
            keys = _own_keys(receipt)
        proven = check(receipt, keys=keys, published=[_text_of(path) for path in checkpoints])
    except NothingTrusted as refusal:
        raise click.UsageError(words_of(refusal)) from refusal
    except LedgerRefusal as refusal:
        _tell_wrong(refusal, as_json=as_json)
        sys.exit(1)
    if as_json:
        click.echo(json.dumps({"ok": True} | _facts_of(proven), indent=2))
        return
    click.echo(_told(proven))


@receipt_group.command("month", with_appcontext=False)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "given_keys",
    multiple=True,
    required=True,
    help="A public key you trust, or a file of such keys.",
)
@json_option
def month_command(file: Path, given_keys: tuple[str, ...], *, as_json: bool) -> None:
    """Check the proof in FILE of what one account held at a month's end.

    Works without network and without database. Ends with 0 if it is right.
    """
    try:
        keys = [key for given in given_keys for key in _keys_of(given)]
        proven = check_balance(MonthEnd.parse(_text_of(file)), keys=keys)
    except LedgerRefusal as refusal:
        _tell_wrong(refusal, as_json=as_json)
        sys.exit(1)
    month = proven.head.month
    if as_json:
        facts = {"account": proven.code, "minutes": proven.minutes, "month": month.period}
        click.echo(json.dumps({"ok": True} | facts | {"through": f"{month.through_on}"}, indent=2))
        return
    click.echo(
        f"The proof is right. When {month.period} was over, account {proven.code} of"
        f" {proven.head.origin} held {proven.minutes} minutes, as it was sealed."
    )


def words_of(refusal: LedgerRefusal) -> str:
    """A refusal as a sentence."""
    facts = {
        name: ", ".join(map(str, value)) or "none" if isinstance(value, tuple) else value
        for name, value in refusal.facts.items()
    }
    return WORDS[refusal.reason].format(**facts) if refusal.reason in WORDS else str(refusal)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except LedgerRefusal as refusal:
        raise click.ClickException(words_of(refusal)) from refusal


def _vault(community: Community) -> Vault:
    return Vault.of(current_app.config["SETTINGS"], community)


def _text_of(path: Path) -> str:
    """A small file as text; what is no text is no receipt either, and is told so by the reader."""
    with path.open("rb") as file:
        return file.read(LENGTH_MAX + 1).decode("utf-8", errors="replace")


def _keys_of(given: str) -> tuple[PublicKey, ...]:
    """The keys in a file, or the one key that was written out."""
    path = Path(given)
    try:
        is_file = path.is_file()
    except OSError:
        is_file = False
    return published.read_keys(_text_of(path) if is_file else given)


def _own_keys(receipt: Receipt) -> tuple[PublicKey, ...]:
    """The keys this installation has published, of whichever community."""
    home = Path(os.environ.get("TIMEBANK_HOME") or HOME_DEFAULT)
    found: list[PublicKey] = []
    for folder in sorted((home / "checkpoints").glob("*/")):
        try:
            found += published.keys_in(folder)
        except TornKey:
            continue
    return tuple(key for key in found if f" {key.name} " in receipt.note)


def _tell_wrong(refusal: LedgerRefusal, *, as_json: bool) -> None:
    if as_json:
        facts = {name: str(value) for name, value in refusal.facts.items()}
        click.echo(json.dumps({"ok": False, "reason": refusal.reason, "facts": facts}, indent=2))
        return
    click.echo(f"The receipt is NOT proven. {words_of(refusal)}")


def _facts_of(proven: Proven) -> dict[str, Any]:
    entry = proven.entry
    return {
        "origin": proven.head.origin,
        "size": proven.head.size,
        "entry": entry._asdict() | {"legs": [leg._asdict() for leg in entry.legs]},
        "signed_by": [str(key) for key in proven.signers],
        "is_published": proven.is_published,
    }


def _told(proven: Proven) -> str:
    entry, head = proven.entry, proven.head
    told = [
        "The receipt is right.",
        f"Entry {entry.seq} of {head.origin}, recorded {entry.at}, for a day of help {entry.on}:",
        *(f"  {leg.payer_code} -> {leg.payee_code}  {leg.minutes} minutes" for leg in entry.legs),
        f"It is among the first {head.size} entries, as they were signed.",
        *(f"signed by {key}" for key in proven.signers),
    ]
    if proven.is_published:
        told.append("The checkpoint is one of those you gave.")
    return "\n".join(told)
