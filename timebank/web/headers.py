"""The headers of every answer, errors and static files included."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

#: Pages may show pictures that the server drew into them; everything else comes from here.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    # Membership itself is private: no page of ours belongs in a search engine.
    "X-Robots-Tag": "noindex, nofollow",
}
YEAR_SECONDS = 365 * 24 * 60 * 60


def csp_nonce() -> str:
    """Return the nonce of this answer, the same at each call within it."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def init_app(app: Flask, *, base_url: str) -> None:
    """Put the headers on every answer."""
    secure = urlsplit(base_url).scheme == "https"

    @app.after_request
    def _headers(response: Response) -> Response:
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        policy = CONTENT_SECURITY_POLICY.format(nonce=csp_nonce())
        response.headers.setdefault("Content-Security-Policy", policy)
        if secure:
            response.headers["Strict-Transport-Security"] = (
                f"max-age={YEAR_SECONDS}; includeSubDomains"
            )
        if request.endpoint != "assets.file" or response.status_code >= 400:  # noqa: PLR2004 - HTTP's line
            # Pages are personal, and the next person at a shared phone may press Back.
            response.headers.setdefault("Cache-Control", "no-store")
        return response
