"""What every answer must carry, redirects and errors included."""

import re

from werkzeug.test import TestResponse

NONCE = re.compile(r"'nonce-([\w-]{20,})'")
STRICT_POLICY = (
    "default-src 'none'",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
    "form-action 'self'",
)


def check_headers(answer: TestResponse) -> None:
    """Fail unless the answer keeps the browser on our side."""
    where = f"{answer.request.path} ({answer.status_code})"
    headers = answer.headers
    assert headers.get("X-Content-Type-Options") == "nosniff", where
    assert headers.get("Referrer-Policy") == "same-origin", where
    assert "camera=()" in headers.get("Permissions-Policy", ""), where
    assert "Access-Control-Allow-Origin" not in headers, where
    policy = headers.get("Content-Security-Policy", "")
    missing = [rule for rule in STRICT_POLICY if rule not in policy]
    assert not missing, f"{where}: the content policy lacks {missing}"
    assert "unsafe-" not in policy, f"{where}: {policy}"
    if headers.get("Content-Type", "").startswith("text/"):
        assert "charset=utf-8" in headers["Content-Type"].lower(), where
    if answer.mimetype == "text/html" and not answer.location:
        _check_nonces(answer, policy, where)
        assert headers.get("Cache-Control") == "no-store", f"{where}: pages are personal"
    _check_cookies(answer, where)


def _check_nonces(answer: TestResponse, policy: str, where: str) -> None:
    allowed = NONCE.findall(policy)
    assert len(allowed) == 1, f"{where}: one nonce an answer, not {allowed}"
    used = set(re.findall(r'nonce="([^"]*)"', answer.get_data(as_text=True)))
    assert used <= set(allowed), f"{where}: the page uses {used}, the header allows {allowed}"


def _check_cookies(answer: TestResponse, where: str) -> None:
    for cookie in answer.headers.getlist("Set-Cookie"):
        name = cookie.split("=", 1)[0]
        kept = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert name.startswith("__Host-"), f"{where}: the cookie {name} must be __Host-"
        assert {"secure", "httponly", "path=/"} <= kept, f"{where}: {cookie}"
        assert kept & {"samesite=lax", "samesite=strict"}, f"{where}: {cookie}"
        assert not any(part.startswith("domain=") for part in kept), f"{where}: {cookie}"
