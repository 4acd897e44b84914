"""Settings, read once from the environment. `docs/settings.md` explains each one."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

ROOT = Path(__file__).resolve().parent.parent
#: Where a clone keeps its database, secrets and demo mark when nothing else is said.
HOME_DEFAULT = ROOT / "var"
SECRET_BYTES = 32


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says what to write instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything an installation can choose.

    Attributes:
        home: Folder for the SQLite file and generated secrets.
        database_url: SQLAlchemy URL that names its driver.
        secret_key: Signs cookies and links.
        ledger_secret: Keys the fingerprints of requests in the ledger; never changes once set.
        base_url: Where people reach this installation; used in mail.
        mail_url: `smtp://user:password@host:port`, `smtps://…`, or empty to keep mail in the tray.
        mail_sender: Address that mail comes from.
        trusted_proxies: How many proxies in front may say who is calling.
        secure_cookies: Whether cookies travel over HTTPS only.
        demo: Whether this is the demo: shows the mail tray and who can sign in.
    """

    home: Path
    database_url: str
    secret_key: str
    ledger_secret: str
    base_url: str = "http://127.0.0.1:8000"
    mail_url: str = ""
    mail_sender: str = "timebank@localhost"
    trusted_proxies: int = 0
    secure_cookies: bool = False
    demo: bool = False

    @classmethod
    def from_environ(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read `TIMEBANK_*` variables; make and keep secrets in the home folder where none are set.

        Raises:
            SettingsError: If a value cannot be used; the message names it and says what to write.
        """
        home = Path(environ.get("TIMEBANK_HOME") or HOME_DEFAULT).resolve()
        base_url = environ.get("TIMEBANK_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
        return cls(
            home=home,
            database_url=_database_url(environ, home),
            secret_key=environ.get("TIMEBANK_SECRET_KEY") or _kept_secret(home, "secret_key"),
            ledger_secret=environ.get("TIMEBANK_LEDGER_SECRET")
            or _kept_secret(home, "ledger_secret"),
            base_url=base_url,
            mail_url=environ.get("TIMEBANK_MAIL_URL", ""),
            mail_sender=environ.get("TIMEBANK_MAIL_SENDER", "timebank@localhost"),
            trusted_proxies=_whole_number(environ, "TIMEBANK_TRUSTED_PROXIES", 0),
            secure_cookies=_yes(environ, "TIMEBANK_SECURE_COOKIES", base_url.startswith("https:")),
            demo=_yes(environ, "TIMEBANK_DEMO", (home / "demo").exists()),
        )


def _database_url(environ: Mapping[str, str], home: Path) -> str:
    url = environ.get("TIMEBANK_DATABASE_URL") or f"sqlite:///{home / 'timebank.sqlite3'}"
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        scheme = url.split("://", 1)[0]
        msg = (
            f"TIMEBANK_DATABASE_URL begins with {scheme}://. "
            "Write postgresql+psycopg://… or sqlite:///…"
        )
        raise SettingsError(msg)
    return url


def _kept_secret(home: Path, name: str) -> str:
    """Return the secret kept in the home folder, making it at the first call.

    The file gets its name only when it is whole, and the first one keeps it: two processes that
    start together agree on one secret, and none reads half of it.
    """
    path = home / name
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _make_secret(path)
        return path.read_text("ascii").strip()
    except OSError as error:
        raise _unusable(home, error) from error


def _make_secret(path: Path) -> None:
    # `mkstemp` makes a file that is its owner's alone.
    descriptor, made = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
    finally:
        Path(made).unlink()


def _unusable(home: Path, error: OSError) -> SettingsError:
    return SettingsError(
        f"The folder {home} cannot be used: {error.strerror}. "
        "Set TIMEBANK_HOME to a folder that Timebank may write to."
    )


def _whole_number(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit()):
        msg = f"{name} is {text!r}. Write a whole number such as 1."
        raise SettingsError(msg)
    return int(text)


def _yes(environ: Mapping[str, str], name: str, default: bool) -> bool:  # noqa: FBT001 - a plain default, private
    text = environ.get(name, "").strip().lower()
    if not text:
        return default
    if text not in {"1", "0", "yes", "no", "true", "false", "on", "off"}:
        msg = f"{name} is {text!r}. Write 1 or 0."
        raise SettingsError(msg)
    return text in {"1", "yes", "true", "on"}
