"""Everything about oneself as one file: what it holds, and the file."""

import datetime as dt
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from flask import Response, g, render_template
from flask.typing import ResponseReturnValue

from timebank.clock import utc_now
from timebank.db import db
from timebank.home.names import PART_NAMES
from timebank.home.own_data import OwnData, Row, own_data
from timebank.home.views.front import bp
from timebank.trail import service as trail
from timebank.web.access import Access, access
from timebank.web.filters import local, moment_words
from timebank.web.session import run_in_transaction
from timebank.web.sheet import sheet
from timebank.web.words import gettext as _

#: The folder inside the file.
INSIDE = "my-data"


@bp.get("/me/data")
@access(Access.MEMBER)
def data() -> ResponseReturnValue:
    """Say what the file holds, and what it does not."""
    return render_template("home/own_data.html", parts=[str(name) for name in PART_NAMES.values()])


@bp.get("/me/data.zip")
@access(Access.MEMBER)
def data_file() -> Response:
    """Hand over everything that is kept of a member; the trail keeps that it was."""
    now, code = utc_now(), g.member.account_code
    found = own_data(db.session(), g.community, g.member, now=now)
    content = _packed(found, now=now)
    person_id, key = g.member.person_id, g.community.id
    run_in_transaction(
        lambda session: trail.record(
            session, "export", now=now, person_id=person_id, community_id=key, detail="own data"
        )
    )
    response = Response(content, mimetype="application/zip")
    name = f"{code}-{local(now).date().isoformat()}.zip"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _packed(found: OwnData, *, now: dt.datetime) -> bytes:
    """Everything as one file: a page to read, one file for programs, and a sheet of each part."""
    files = {
        "index.html": _index(found, now=now),
        "my-data.json": _as_json(found, now=now),
        "details.csv": _as_sheet([found.details]),
    }
    files |= {f"{name}.csv": _as_sheet(rows) for name, rows in found.parts.items() if rows}
    if found.statement:
        files["statement.beancount"] = found.statement
    out = io.BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            entry = ZipInfo(f"{INSIDE}/{name}", local(now).timetuple()[:6])
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o100644 << 16
            archive.writestr(entry, content)
    return out.getvalue()


def _index(found: OwnData, *, now: dt.datetime) -> str:
    files = [
        ("details.csv", _("Your details, and who may see each")),
        ("my-data.json", _("All of it in one file, for programs")),
    ]
    if found.statement:
        words = _("Your hours, for beancount and Fava, two free programs for keeping books")
        files.append(("statement.beancount", words))
    files += [
        (f"{name}.csv", f"{PART_NAMES[name]} ({len(rows)})")
        for name, rows in found.parts.items()
        if rows
    ]
    return render_template(
        "home/own_data_index.html",
        made=moment_words(now),
        details=[(name, value) for name, value in found.details.items() if value not in ("", None)],
        files=[{"name": name, "words": words} for name, words in files],
        empty=[str(PART_NAMES[name]) for name, rows in found.parts.items() if not rows],
    )


def _as_json(found: OwnData, *, now: dt.datetime) -> str:
    facts: Mapping[str, Any] = {
        "made_at": now.isoformat(),
        "community": g.community.name,
        "account": g.member.account_code,
        "details": found.details,
        **found.parts,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False) + "\n"


def _as_sheet(rows: Sequence[Row]) -> str:
    """Rows as a file for a spreadsheet; what is no figure and no word is written as JSON."""
    head = list(rows[0])
    return sheet([head, *([_cell(row[name]) for name in head] for row in rows)])


def _cell(value: object) -> object:
    if isinstance(value, bool) or value is None:
        return "" if value is None else str(value).lower()
    return value if isinstance(value, int | str) else json.dumps(value, ensure_ascii=False)
