"""The one table from refusals to HTTP, and the pages that say them in words."""

from http import HTTPStatus
from typing import NoReturn

from flask import (
    Blueprint,
    Flask,
    abort,
    current_app,
    flash,
    g,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError
from werkzeug.exceptions import HTTPException

from timebank.db import db
from timebank.errors import (
    ConflictError,
    IndeterminateError,
    NotAllowedError,
    NotFoundError,
    RefusalError,
    ThrottledError,
)
from timebank.web.session import FormChangedError, is_away
from timebank.web.words import lazy_gettext as _l

STATUS_OF_REFUSAL: dict[type[RefusalError], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    NotAllowedError: HTTPStatus.FORBIDDEN,
    ThrottledError: HTTPStatus.TOO_MANY_REQUESTS,
    ConflictError: HTTPStatus.CONFLICT,
    RefusalError: HTTPStatus.UNPROCESSABLE_ENTITY,
}
#: A context's blueprint adds its refusals here through `say`.
WORDS_OF_REFUSAL: dict[type[RefusalError], str] = {
    FormChangedError: _l(
        "This page was already sent once, and the first one counts. "
        "Go back and open the page again to send something else."
    ),
}
#: The token is made anew; secrets are typed anew.
NEVER_SHOWN_AGAIN = frozenset({"csrf_token", "password", "new_password", "code"})
#: Fields in which people write words of their own, to one another or to those who come after.
WRITTEN = ("words", "topic_words", "follow_up", "body", "reason")
#: Number out of range, character no text can hold; None where the driver sees it by itself.
UNHELD_SQLSTATES = frozenset({"22003", "22021", None})
PAGES = (400, 403, 404, 405, 409, 413, 422, 429, 500, 503)


def say(refusal: type[RefusalError], words: str) -> None:
    """Give a refusal its sentence; `%(name)s` in it takes the refusal's attribute `name`."""
    WORDS_OF_REFUSAL[refusal] = words


def status_of(refusal: RefusalError) -> HTTPStatus:
    """Find the status of a refusal by its nearest ancestor in the table."""
    return next(
        STATUS_OF_REFUSAL[kind] for kind in type(refusal).__mro__ if kind in STATUS_OF_REFUSAL
    )


def words_of(refusal: RefusalError) -> str:
    """Return the sentence for a refusal, or an empty string where nobody gave it one."""
    for kind in type(refusal).__mro__:
        if kind in WORDS_OF_REFUSAL:
            return str(WORDS_OF_REFUSAL[kind]) % vars(refusal)
    return ""


def error_page(status: int, words: str = "", **facts: str) -> tuple[str, int]:
    """Render the page of a status; `words` says what happened here, `facts` are the page's own."""
    shown = status if status in PAGES else 400 if status < 500 else 500  # noqa: PLR2004 - HTTP's classes
    return render_template(f"errors/{shown}.html", words=words, **facts), status


def turn_back(refusal: RefusalError, *, to: str) -> NoReturn:
    """Lead from a form that could only be refused to how it stands, and say why.

    Args:
        refusal: What stands against it. It is raised where something was sent already.
        to: The address where it stands.
    """
    if request.method == "POST":
        raise refusal
    flash(words_of(refusal), "note")
    abort(redirect(to, code=303))


def quicker_page(refusal: ConflictError, *, see: str = "") -> tuple[str, int]:
    """Say that somebody was quicker, lead to how it stands, and show what was written.

    Args:
        refusal: What stands against it.
        see: The address where it stands now; "" for none.
    """
    db.session.rollback()
    return error_page(status_of(refusal), words_of(refusal), see=see, said=_written())


def lead_on_from(blueprint: Blueprint, endpoint: str, key: str) -> None:
    """Lead from a page of a context where somebody was quicker to how it stands now.

    Args:
        blueprint: The context's.
        endpoint: The view that shows how it stands.
        key: The part of both addresses that says what it is about.
    """

    @blueprint.errorhandler(ConflictError)
    def quicker(refusal: ConflictError) -> ResponseReturnValue:
        about = (request.view_args or {}).get(key)
        see = url_for(endpoint, **{key: about}) if about else ""
        return quicker_page(refusal, see=see)


def _written() -> str:
    """Return what somebody wrote in the form that was sent, so that they can copy it."""
    return "\n".join(request.form[name] for name in WRITTEN if request.form.get(name))


def init_app(app: Flask) -> None:
    """Answer every refusal, HTTP error and fault with a page in plain words."""
    app.register_error_handler(RefusalError, _refused)
    app.register_error_handler(CSRFError, _stale)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(IndeterminateError, _unknown)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(DataError, _unheld)
    app.register_error_handler(Exception, _fault)


def _refused(refusal: RefusalError) -> ResponseReturnValue:
    if isinstance(refusal, ConflictError):
        return quicker_page(refusal)
    db.session.rollback()
    g.denied = isinstance(refusal, NotAllowedError)
    page, status = error_page(status_of(refusal), words_of(refusal), said=_written())
    if isinstance(refusal, ThrottledError):
        return page, status, {"Retry-After": str(refusal.retry_seconds)}
    return page, status


def _stale(_error: CSRFError) -> ResponseReturnValue:
    return render_template("errors/stale.html", fields=sent_fields()), 400


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.code is None or error.code < 400:  # noqa: PLR2004 - a redirect is no error
        return error
    return error_page(error.code)


def _unknown(_error: IndeterminateError) -> ResponseReturnValue:
    _draw_without_asking()
    page = render_template("errors/indeterminate.html", fields=sent_fields())
    return page, 503, {"Retry-After": "5"}


def _database(error: DBAPIError) -> ResponseReturnValue:
    if not is_away(error):
        return _fault(error)
    current_app.logger.error("the database is away: %s", type(error.orig).__name__)
    _draw_without_asking()
    page, status = error_page(HTTPStatus.SERVICE_UNAVAILABLE)
    return page, status, {"Retry-After": "5"}


def _unheld(error: DataError) -> ResponseReturnValue:
    """Answer a value that no column can hold, such as a NUL or a number of forty figures.

    Nothing here has that name; a browser does not send such a thing by itself.
    """
    if getattr(error.orig, "sqlstate", None) not in UNHELD_SQLSTATES:
        return _fault(error)
    db.session.rollback()
    asked = request.method in {"GET", "HEAD"}
    return error_page(HTTPStatus.NOT_FOUND if asked else HTTPStatus.BAD_REQUEST)


def _fault(error: Exception) -> ResponseReturnValue:
    current_app.logger.error("fault", exc_info=error)
    db.session.rollback()
    return error_page(500)


def _draw_without_asking() -> None:
    """Let the page be drawn without asking the database who is reading it; it may be away."""
    db.session.remove()
    g.community = g.member = None
    g.roles = frozenset()
    g._login_user = AnonymousUserMixin()  # noqa: SLF001 - where Flask-Login keeps the caller


def sent_fields() -> list[tuple[str, str]]:
    """List what was typed, so that the page can offer to send it again, with the same key."""
    return [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name not in NEVER_SHOWN_AGAIN
    ]
