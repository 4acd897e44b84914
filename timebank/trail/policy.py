"""The canonical bytes of the trail, and what they add up to. In one place, and never in SQL."""

import datetime as dt
import hashlib
import json
import uuid

from timebank.trail.models import TrailEvent, TrailLink

FIRST_CHAIN = bytes(32)


def content_of(event: TrailEvent) -> bytes:
    """Return the fingerprint of an event: every column of it."""
    return _hashed(
        {
            "id": _said(event.id),
            "at": _moment(event.at),
            "kind": event.kind,
            "person": _said(event.person_id),
            "community": _said(event.community_id),
            "member": _said(event.member_id),
            "detail": event.detail,
        }
    )


def chain_after(before: bytes, link: TrailLink) -> bytes:
    """Return the chain at a link; what it covers stays when the event itself is forgotten."""
    leaf = _hashed(
        {
            "seq": link.seq,
            "event": _said(link.event_id),
            "at": _moment(link.at),
            "kind": link.kind,
            "content": link.content.hex(),
        }
    )
    return hashlib.sha256(before + leaf).digest()


def _hashed(facts: dict[str, object]) -> bytes:
    return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).digest()


def _said(key: uuid.UUID | None) -> str:
    return "" if key is None else str(key)


def _moment(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat(timespec="microseconds")
