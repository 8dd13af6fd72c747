"""Entries as tests need them: plausible, small, and long-lived unless told otherwise."""

import hashlib
import time
from typing import Any

from gateway.model.entry import Entry


def make_entry(body: bytes = b'{"answer":"42"}', *, now: float | None = None, **changes: Any) -> Entry:
    """An entry stored at `now` (the present unless stated), fresh for 600 s, of use for an hour."""
    at = time.time() if now is None else now
    figures: dict[str, Any] = {
        "status": 200,
        "reason": b"OK",
        "fields": ((b"Content-Type", b"application/json"), (b"Server", b"uvicorn")),
        "body": body,
        "coding": b"",
        "route": "ask",
        "stored_at": at,
        "fresh_until": at + 600,
        "stale_while_until": at + 660,
        "stale_error_until": at + 3600,
    }
    return Entry(**(figures | changes))


def make_key(name: object) -> bytes:
    """A key as keys are: 32 bytes that follow from the name."""
    return hashlib.sha256(str(name).encode()).digest()
