"""The log: one line of JSON an event, about the program and never about a person.

Whatever is logged, by us or by a library, passes `forget_people` first: it knows names, addresses,
phone numbers and secrets by the look of them or by the name of their field, and leaves them out. In
tracebacks it leaves out the values that a database puts into its messages.
"""

import logging
import re
import sys
import uuid
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, has_request_context, request
from structlog.types import Processor

#: Fields whose value is about a person, whatever it looks like.
PERSONAL = frozenset(
    {
        *("name", "first_name", "last_name", "email", "phone", "address", "to_address"),
        *("about", "area", "title", "words", "body", "subject", "memo", "reason"),
        *("password", "code", "secret", "token", "cookie", "csrf_token"),
    }
)
LEFT_OUT = "[left out]"
MAIL_ADDRESS = re.compile(r"[^\s@<>\"'(),:;]+@[^\s@<>\"'(),:;]+\.\w+")
PHONE = re.compile(r"(?<![\w.:-])\+?\d(?:[ ()/.-]?\d){6,14}(?![\w:-])")
#: Letters of both cases and digits, twenty or more in a row: a secret, and no word of a program.
SECRET = re.compile(r"(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[A-Za-z0-9_-]{20,}")
#: What PostgreSQL and SQLAlchemy add to an error: the values that did not fit.
VALUES = re.compile(r"(?:DETAIL|HINT|CONTEXT):.*|\[parameters: .*|Key \(.*?\)=\(.*?\)")
DATE = re.compile(r"\d{4}-\d\d-\d\d")


def forget_people(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Leave out of an event what is about a person."""
    return {name: _forget(name, value) for name, value in event.items()}


def _forget(name: str, value: object) -> object:
    if name in PERSONAL:
        return LEFT_OUT
    if isinstance(value, str):
        return forget_in(value)
    if isinstance(value, Mapping):
        return {str(key): _forget(str(key), each) for key, each in value.items()}
    if isinstance(value, list | tuple | set):
        return [_forget("", each) for each in value]
    return value if isinstance(value, int | float | bool | None) else forget_in(str(value))


def forget_in(text: str) -> str:
    """Leave out of a text what looks like an address, a phone number or a secret."""
    for pattern in (VALUES, MAIL_ADDRESS, SECRET):
        text = pattern.sub(LEFT_OUT, text)
    return PHONE.sub(lambda found: found[0] if DATE.match(found[0]) else LEFT_OUT, text)


def _where(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Add which page it was, by its rule and never by its address, which may hold a secret."""
    if has_request_context():
        event.setdefault("request", g.get("request_number"))
        event.setdefault("method", request.method)
        event.setdefault("page", request.endpoint)
    return event


BEFORE: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _where,
]
AFTER: list[Processor] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.processors.format_exc_info,
    forget_people,
    # JSON writes a line break as \n: nobody can forge a line.
    structlog.processors.JSONRenderer(sort_keys=True, ensure_ascii=False),
]


class Handler(logging.StreamHandler[Any]):
    """Writes to standard error, wherever that is when something is written."""

    def __init__(self) -> None:
        """Set up the one form of every line."""
        super().__init__()
        self.setFormatter(
            structlog.stdlib.ProcessorFormatter(foreign_pre_chain=BEFORE, processors=AFTER)
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


def init_app(app: Flask) -> None:
    """Send every log of this process through one form, and give each request a number."""
    structlog.configure(
        processors=[*BEFORE, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    if not any(isinstance(handler, Handler) for handler in root.handlers):
        root.addHandler(Handler())
    logging.getLogger("timebank").setLevel(logging.INFO)
    app.logger.handlers.clear()

    @app.before_request
    def _number() -> None:
        g.request_number = uuid.uuid4().hex[:12]  # noqa: TID251 -- a label of the log, no key

    @app.after_request
    def _tell(response: Response) -> Response:
        # Whoever sees a mistake can say which one it was.
        if response.status_code >= 500 and "request_number" in g:  # noqa: PLR2004 -- HTTP's class
            response.headers["X-Request-Number"] = g.request_number
        return response
