"""Mail in words: what stands in it, and how it leaves this machine.

Subjects are neutral and bodies say no more than that something waits: a mail may be read on a
shared phone. Names and details are behind the sign-in.
"""

import contextlib
import smtplib
import ssl
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from email import policy as mail_policies
from email.message import EmailMessage
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app, render_template
from flask_babel import force_locale
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from timebank.communities.models import Community
from timebank.config import Settings
from timebank.messaging.errors import MailRefusedError
from timebank.messaging.models import TOPICS, OutboxMail
from timebank.web.words import gettext as _

WAIT_SECONDS_MAX = 20
REFUSED_FOR_GOOD = 500
STOP_SALT = "timebank.mail.stop"
PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is read.

    Attributes:
        subject: Neutral, one line.
        body: Plain text.
        stop_url: Address that turns such mail off with one click, or None where it cannot be.
    """

    subject: str
    body: str
    stop_url: str | None

    @property
    def stop_headers(self) -> dict[str, str]:
        """Lines of its head by which a mail program stops such mail with one click (RFC 8058)."""
        if self.stop_url is None:
            return {}
        return {
            "List-Unsubscribe": f"<{self.stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


@dataclass(frozen=True, slots=True)
class Stop:
    """What a signed address turns off."""

    community_id: uuid.UUID
    member_id: uuid.UUID
    topic: str


def subject_of(topic: str) -> str:
    """Return the subject of every notice of a topic; nobody's name and nothing private is in it."""
    return {
        "message": _("You have a message"),
        "listing": _("A small reminder"),
        "work": _("You have a task"),
    }.get(topic, _("There is news for you"))


def letter_of(session: Session, mail: OutboxMail) -> Letter:
    """Put a mail of the tray into words, in the language of its community."""
    settings: Settings = current_app.config["SETTINGS"]
    community = mail.community_id and session.get(Community, mail.community_id)
    stop_url = _stop_url(settings, mail)
    with force_locale(community.locale if community else "en"):
        subject = mail.subject if mail.path is None else subject_of(mail.topic)
        home = f"{settings.base_url}/at/{community.slug}" if community else settings.base_url
        body = render_template(
            "emails/notice.txt" if mail.path is not None else "emails/plain.txt",
            words=mail.body,
            url=f"{home}/{mail.path}",
            choices_url=f"{home}/me/notifications",
            stop_url=stop_url,
        )
    return Letter(subject, body, stop_url)


# ---------------------------------------------------------------------------- one click


def _serializer(settings: Settings) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt=STOP_SALT)


def _stop_url(settings: Settings, mail: OutboxMail) -> str | None:
    if mail.community_id is None or mail.member_id is None or mail.topic not in TOPICS:
        return None
    token = _serializer(settings).dumps([mail.community_id.hex, mail.member_id.hex, mail.topic])
    return f"{settings.base_url}/mail/stop/{token}"


def read_stop(token: str) -> Stop | None:
    """Read what a signed address turns off; None if it is not one of ours."""
    try:
        community_id, member_id, topic = _serializer(current_app.config["SETTINGS"]).loads(token)
    except BadSignature:
        return None
    return Stop(uuid.UUID(hex=community_id), uuid.UUID(hex=member_id), topic)


# ------------------------------------------------------------------------------ sending


def message_of(session: Session, mail: OutboxMail, sender: str) -> EmailMessage:
    """Build the mail as the server gets it.

    Raises:
        MailRefusedError: If a header would break out of its line.
    """
    letter = letter_of(session, mail)
    message = EmailMessage(policy=mail_policies.SMTP)
    try:
        message["From"] = sender
        message["To"] = mail.to_address
        message["Subject"] = letter.subject
    except ValueError as error:
        raise MailRefusedError from error
    message["Date"] = mail.written_at
    # The same at each try: a mail server that got it twice shows it once.
    message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2] or 'localhost'}>"
    message["Auto-Submitted"] = "auto-generated"
    for name, value in letter.stop_headers.items():
        message[name] = value
    message.set_content(letter.body)
    return message


def sender_to(session: Session, settings: Settings) -> Callable[[OutboxMail], None] | None:
    """Return what hands a mail to the mail server, or None where none is set: the tray keeps it."""
    if not settings.mail_url:
        return None
    server = urlsplit(settings.mail_url)

    def send(mail: OutboxMail) -> None:
        message = message_of(session, mail, settings.mail_sender)
        # What was read for it is let go: a mail server may take its time.
        session.rollback()
        _hand_over(server, message)

    return send


def _hand_over(server: SplitResult, message: EmailMessage) -> None:
    """Give one mail to the server.

    Raises:
        MailRefusedError: If the server says no for good.
        OSError: If it cannot be reached, or says not now.
    """
    try:
        with contextlib.closing(_connect(server)) as connection:
            _introduce(connection, server)
            connection.send_message(message)
            # It has the mail now: a bad word when we leave must not send it a second time.
            with contextlib.suppress(OSError):
                connection.quit()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _words in error.recipients.values()]
        if all(code >= REFUSED_FOR_GOOD for code in codes):
            raise MailRefusedError from error
        raise
    except smtplib.SMTPResponseException as error:
        # A wrong password is the operator's to put right; the mail is not to blame.
        is_final = error.smtp_code >= REFUSED_FOR_GOOD
        if is_final and not isinstance(error, smtplib.SMTPAuthenticationError):
            raise MailRefusedError from error
        raise


def _connect(server: SplitResult) -> smtplib.SMTP:
    host, port = server.hostname or "localhost", server.port or PORTS[server.scheme]
    if server.scheme == "smtps":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(host, port, timeout=WAIT_SECONDS_MAX, context=context)
    return smtplib.SMTP(host, port, timeout=WAIT_SECONDS_MAX)


def _introduce(connection: smtplib.SMTP, server: SplitResult) -> None:
    """Encrypt where the server can, and say who we are where that is asked for."""
    connection.ehlo()
    if server.scheme == "smtp" and connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
    if server.username:
        connection.login(unquote(server.username), unquote(server.password or ""))
