"""Our books, for anybody: what they hold, when they were last checked, and how to see for oneself.

No name and no account stands here.
"""

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.hours import proofs
from timebank.hours import queries as hours
from timebank.statements.standing import sides, standing
from timebank.statements.views import verdict
from timebank.web.access import COMMUNITY_PREFIX, Access, access
from timebank.web.filters import hours_label

bp = Blueprint("our_books", __name__, url_prefix=COMMUNITY_PREFIX)


@bp.get("/our-books")
@access(Access.ANYONE)
def index() -> ResponseReturnValue:
    """Show how the books stand, without a name in it."""
    session, key = db.session(), g.community.id
    entries, chain = hours.head(session, key)
    total_minutes = sides(session, key).total_minutes
    state = standing(session, g.community, now=utc_now())
    keys = proofs.keys_of(session, key)
    return render_template(
        "statements/our_books.html",
        verdict=verdict.banner_of(state),
        is_even=total_minutes == 0,
        total=hours_label(total_minutes),
        facts=verdict.facts_of(state, entries=entries, chain=chain),
        strip=verdict.strip_of(state),
        key=str(keys[-1].key) if keys else "",
    )
