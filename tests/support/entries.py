"""Entries as tests need them: plausible, small, and long-lived unless told otherwise."""

import hashlib
import time
from typing import Any

from gateway.model.entry import Entry, Windows


def make_entry(body: bytes = b'{"answer":"42"}', *, now: float | None = None, **changes: Any) -> Entry:
    """An entry stored at `now` (the present unless stated), fresh for 600 s, of use for an hour.

    changes: of the parts of its head, of its figures, or of the moments that follow from them.
    """
    at = changes.pop("stored_at", time.time() if now is None else now)
    until = changes.pop("fresh_until", at + 600)
    figures: dict[str, Any] = {
        "status": 200,
        "reason": b"OK",
        "fields": ((b"Content-Type", b"application/json"), (b"Server", b"uvicorn")),
        "body": body,
        "coding": b"",
        "route": "ask",
        "fresh_until": until,
        "fresh_for": until - at,
        "stale": Windows(
            changes.pop("stale_while_until", at + 660) - until,
            changes.pop("stale_error_until", at + 3600) - until,
        ),
    }
    return Entry.of(**(figures | changes))


def make_key(name: object) -> bytes:
    """A key as keys are: 32 bytes that follow from the name."""
    return hashlib.sha256(str(name).encode()).digest()
