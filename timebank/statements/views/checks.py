"""The checks of the books: all of them, one more now, and the books to take away."""

from flask import Blueprint, Response, current_app, flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.hours import auditing
from timebank.hours.errors import BooksNotWrittenError
from timebank.hours.models import BooksCheck
from timebank.statements.standing import standing
from timebank.statements.views import verdict
from timebank.trail import service as trail
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import moment_words
from timebank.web.refusals import say
from timebank.web.session import run_in_transaction, writes
from timebank.web.words import gettext as _
from timebank.web.words import lazy_gettext as _l

say(
    BooksNotWrittenError,
    _l("The books can not be handed over now. Please tell whoever looks after this site."),
)

bp = Blueprint("checks", __name__, url_prefix=f"{COMMUNITY_PREFIX}/books")


@bp.get("/checks")
@access(Access.BOOKS)
def index() -> ResponseReturnValue:
    """List the checks of the last weeks, with what each found."""
    state = standing(db.session(), g.community, now=utc_now())
    return render_template(
        "statements/checks.html",
        verdict=verdict.banner_of(state),
        waits=state.waiting is not None,
        findings=verdict.finding_rows(state.latest) if state.latest else [],
        strip=verdict.strip_of(state),
        rows=[_row(check) for check in state.checks],
    )


def _row(check: BooksCheck) -> list[str]:
    words = str(verdict.OUTCOMES[check.outcome or "none"])
    if check.outcome == "stopped":
        words = f"{words}. {verdict.why_words(check)}"
    return [
        moment_words(check.ended_at or check.asked_at),
        words,
        verdict.scope_words(check),
        verdict.entries_words(check.entries) if check.entries is not None else "",
        _("Somebody asked") if check.asked_by_id else _("On its own"),
    ]


@bp.post("/checks")
@access(Access.BOOKS)
@writes
def ask() -> ResponseReturnValue:
    """Have the books checked now; asking twice asks once."""
    auditing.ask(db.session(), g.community.id, by=g.member, now=utc_now())
    flash(_("The books are being checked. That takes a moment; the page shows when it is done."))
    return redirect(url_for("books.index"), code=303)


@bp.get("/books.zip")
@access(Access.BOOKS)
def download() -> Response:
    """Hand over the exported books: account numbers, minutes, days, kinds of help, no names."""
    paths = auditing.paths_of(current_app.config["SETTINGS"], g.community)
    auditing.bring_up_to_date(paths)
    person_id, key, now = g.member.person_id, g.community.id, utc_now()
    run_in_transaction(
        lambda session: trail.record(
            session, "export", now=now, person_id=person_id, community_id=key, detail="books"
        )
    )
    response = Response(auditing.zipped(paths), mimetype="application/zip")
    name = f"books-{g.community.slug}-{utc_now().date().isoformat()}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
