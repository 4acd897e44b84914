"""Styles and scripts under names that change with their content: browsers may keep them for good.

Two files are made rather than read: the icons, cut out of the installed package, and our stylesheet
with its drawings put into it, because a drawing's own address would change with the sheet's.
"""

import gzip
import hashlib
import mimetypes
import re
from functools import cache
from pathlib import Path
from urllib.parse import quote

import flask_bootstrap
from flask import Blueprint, Response, abort, g, make_response, request, url_for

from timebank.web import icons
from timebank.web.access import Access, access
from timebank.web.headers import YEAR_SECONDS

bp = Blueprint("assets", __name__)

OWN = Path(__file__).resolve().parent.parent / "static"
_BOOTSTRAP = Path(flask_bootstrap.__file__).parent / "static" / "bootstrap5"
#: Files of installed packages that pages use, by the name they get here.
FROM_PACKAGES = {"bootstrap.css": _BOOTSTRAP / "css" / "bootstrap.min.css"}
#: Sheets whose drawings travel inside them.
DRAWN_SHEETS = frozenset({"timebank.css"})
#: Built from the icons in use.
ICONS = "icons.svg"
HASH_LENGTH = 10
_DRAWING = re.compile(r'url\("(?P<name>art/[^"]+\.svg)"\)')


def path_of(name: str) -> Path | None:
    """Find the file behind an asset's name, or None; names never leave the two folders."""
    if name in FROM_PACKAGES:
        return FROM_PACKAGES[name]
    if "\0" in name:
        return None
    path = (OWN / name).resolve()
    return path if path.is_relative_to(OWN) and path.is_file() else None


def content_of(name: str) -> bytes | None:
    """Return what an asset holds, or None where there is no such asset."""
    if name == ICONS:
        return icons.sprite()
    path = path_of(name)
    if path is None:
        return None
    if name in DRAWN_SHEETS:
        return _with_drawings(_newest_change_ns())
    return _read(path, path.stat().st_mtime_ns)


def _newest_change_ns() -> int:
    return max(path.stat().st_mtime_ns for path in OWN.rglob("*") if path.is_file())


@cache
def _read(path: Path, _changed_ns: int) -> bytes:
    return path.read_bytes()


@cache
def _with_drawings(_changed_ns: int) -> bytes:
    def inside(match: re.Match[str]) -> str:
        drawing = (OWN / match["name"]).read_text("utf-8").strip()
        return f'url("data:image/svg+xml,{quote(drawing, safe=_SAFE_IN_CSS)}")'

    sheet = (OWN / "timebank.css").read_text("utf-8")
    return _DRAWING.sub(inside, sheet).encode()


#: What may stand as it is between double quotes in a data address.
_SAFE_IN_CSS = " =:/;,.'()-"


@cache
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


@cache
def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:HASH_LENGTH]


def asset_url(name: str) -> str:
    """Return the address of an asset, with its content's hash in it.

    Raises:
        FileNotFoundError: If there is no such asset; a page must not ask for one.
    """
    # A page names the sheet of icons once for each icon; its address is found once a request.
    found: dict[str, str] = g.setdefault("asset_urls", {})
    if name not in found:
        content = content_of(name)
        if content is None:
            raise FileNotFoundError(name)
        found[name] = url_for("assets.file", digest=_hash(content), name=name)
    return found[name]


@bp.get("/assets/<digest>/<path:name>")
@access(Access.ANYONE)
def file(digest: str, name: str) -> Response:
    """Serve an asset; only under the hash of what it holds now, so a stale copy is never kept."""
    content = content_of(name)
    if content is None or digest != _hash(content):
        abort(404)
    # People pay for their data: a fifth of the bytes, packed once.
    packs = request.accept_encodings["gzip"] > 0
    response = make_response(_packed(content) if packs else content)
    if packs:
        response.content_encoding = "gzip"
    response.vary.add("Accept-Encoding")
    response.content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response.set_etag(digest)
    response.headers["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    return response
