"""Index: the record under a URI's primary key that tells which variants of its answer are stored (RFC 9111 4.1).

It holds what is needed to choose among them and to ask whether they are still good, and not the answers. Two
processes that store at the same moment may lose one another's line: a miss, and nothing worse.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from gateway.model.entry import Entry, EntryFlag, Windows, head
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.http.vary import Selecting, StoredVariant, choose

MOST = 32
"""Variants of one URI: a client that sends another value each time must not make the record grow for ever."""

_KEPT = (b"date", b"etag", b"last-modified")
_CODEC = "latin-1"


class Line(NamedTuple):
    """One stored variant, and its key."""

    key: bytes
    variant: StoredVariant


def lines(record: Entry | None) -> tuple[Line, ...]:
    """What a record tells; () for None, and for a record that is not one."""
    if record is None or not record.flags & EntryFlag.VARY:
        return ()
    try:
        return tuple(_line(each) for each in orjson.loads(record.body))
    except (ValueError, TypeError, KeyError, AttributeError):
        return ()


def pick(known: tuple[Line, ...], request: Request) -> bytes | None:
    """The key of the variant to use for a request; None where none fits."""
    index = choose([line.variant for line in known], request)
    return None if index is None else known[index].key


def line_of(key: bytes, entry: Entry, selecting: Selecting = ()) -> Line:
    """The line of a stored answer. selecting: what its request said on what it varies on, said or unsaid."""
    pairs = [pair for pair in entry.fields if pair[0].lower() in _KEPT]
    if selecting:
        pairs.append((b"Vary", b", ".join(name for name, _ in selecting)))
    return Line(key, StoredVariant(Fields(pairs), selecting, entry.status, entry.stored_at))


def written(record: Entry | None, added: Line, entry: Entry, names: tuple[bytes, ...]) -> Entry:
    """The record with one more line, for the entry that was just stored; it lives as long as any of them.

    names: the fields that the entry varies on.
    """
    others = [line for line in lines(record) if line.key != added.key]
    kept = sorted(others, key=lambda line: line.variant.made)[-(MOST - 1) :]
    until = max(entry.expires_at, record.expires_at if record is not None and others else 0.0)
    return replace(
        entry,
        head=head(entry.status, entry.reason, tuple((name, b"") for name in names)),
        body=orjson.dumps([_packed(line) for line in (*kept, added)]),
        coding=b"",
        timeline=b"",
        stale=Windows(0.0, 0.0, until - entry.fresh_until),
        flags=EntryFlag.VARY,
    )


def _packed(line: Line) -> dict[str, Any]:
    variant = line.variant
    return {
        "key": line.key.hex(),
        "fields": [[_text(name), _text(value)] for name, value in variant.fields],
        "selecting": [[_text(name), _text(value)] for name, value in variant.selecting],
        "status": variant.status,
        "received": variant.received,
    }


def _line(packed: dict[str, Any]) -> Line:
    fields = Fields([(name.encode(_CODEC), value.encode(_CODEC)) for name, value in packed["fields"]])
    chosen = tuple((name.encode(_CODEC), value.encode(_CODEC)) for name, value in packed["selecting"])
    variant = StoredVariant(fields, chosen, int(packed["status"]), float(packed["received"]))
    return Line(bytes.fromhex(packed["key"]), variant)


def _text(raw: bytes) -> str:
    return raw.decode(_CODEC)
