"""Validation: asking whether what is stored is still good, and what the answer means for it (RFC 9111 section 4.3)."""

from collections.abc import Sequence
from enum import Enum

from gateway.model.exchange import Request
from gateway.model.fields import Fields, Pairs
from gateway.policy.http.conditional import entity_tag, entity_tags, opaque, strong_tag
from gateway.policy.http.dates import http_date
from gateway.policy.http.directives import CDN, governing
from gateway.policy.http.kept import kept
from gateway.policy.http.storable import SetCookie
from gateway.policy.http.vary import StoredVariant, fitting

MOST_TAGS = 32
"""Entity tags in one request; those of the latest answers go first."""

# What belongs to the body that is stored: what a 304 says of these is not kept (section 3.2), since services do send
# the type, the coding or the digest of the empty body along. Content-Type: see `_details`.
_NOT_FRESHENED = frozenset(
    {
        b"content-encoding", b"content-type", b"content-range", b"content-length", b"content-md5", b"content-digest",
        b"repr-digest", b"digest",
    }
)  # fmt: skip


class HeadVerdict(Enum):
    """What the answer to a HEAD means for a stored answer to GET (section 4.3.5)."""

    FRESHEN = "freshen"  # it is still the same
    INVALIDATE = "invalidate"  # it has been replaced: stale from now on
    LEAVE = "leave"  # nothing can be told


def conditions(stored: Sequence[StoredVariant], request: Request, *, union: bool = False) -> Pairs:
    """The conditions that a validating request bears; () where nothing stored has a validator (section 4.3.1).

    The request goes without its client's own conditions and Range (`forwarding.CONDITIONAL`): its answer is to be of
    use to everybody. A strong tag means one body, so those of all variants are asked for. What is weak may be said of
    several, one for each coding: it is asked for where it belongs to an answer that fits the request.

    stored: all that are stored for the URI.
    union: ask for the client's own tags as well (section 4.3.2). A 304 may then name one that is not stored, which is
    an answer for this client alone.
    """
    fit = set(fitting(stored, request))
    latest = sorted(_whole(stored), key=lambda i: (stored[i].made, i), reverse=True)
    tags = [tag for i in latest if (tag := entity_tag(stored[i].fields)) and (i in fit or not tag.startswith(b"W/"))]
    if tags and union:
        tags += entity_tags(request.fields.joined(b"if-none-match") or b"")
    pairs: list[tuple[bytes, bytes]] = []
    if tags:
        pairs.append((b"If-None-Match", b", ".join(list(dict.fromkeys(tags))[:MOST_TAGS])))
    dated = [stored[i].fields.joined(b"last-modified") for i in latest if i in fit]
    if len(dated) == 1 and dated[0] is not None and http_date(dated[0]) is not None:
        pairs.append((b"If-Modified-Since", dated[0].strip(b" \t")))
    return tuple(pairs)


def selects(stored: Sequence[StoredVariant], request: Request, fields: Fields) -> tuple[int, ...]:
    """The indices of the stored answers that a 304 with these fields freshens (section 4.3.4); () for none.

    A strong tag names all that bear it, and nothing else may be freshened then. They are the answer to this request
    even where they were stored for one that differs: the origin has chosen. A weak one, or Last-Modified, names the
    latest that has it and fits. A 304 that names nothing can only mean the one answer that was asked about, where
    there was one: many services leave the tag out.

    stored, request: as for `conditions`. Where none is named, the request has to be sent again without conditions.
    """
    whole = _whole(stored)
    strong = strong_tag(fields)
    if strong is not None:
        return tuple(i for i in whole if strong_tag(stored[i].fields) == strong)
    fit = [i for i in fitting(stored, request) if i in whole]
    weak, changed = entity_tag(fields), fields.joined(b"last-modified")
    if weak is not None:
        same = [i for i in fit if _same_tag(stored[i].fields, weak)]
    elif changed is not None:
        same = [i for i in fit if stored[i].fields.joined(b"last-modified") == changed]
    else:
        same = fit if len(whole) == 1 else []
    latest = max(same, key=lambda i: (stored[i].made, i), default=None)
    return () if latest is None else (latest,)


def freshened(
    stored: Fields,
    fields: Fields,
    *,
    set_cookie: SetCookie = "refuse",
    received: float | None = None,
    targets: tuple[bytes, ...] = CDN,
) -> Pairs:
    """The fields of a stored answer after a 304, or the answer to a HEAD, has freshened it (section 3.2).

    Each field of the new answer that may be stored replaces all lines of that name; the first stands where it stood,
    and new ones at the end. An entity tag is never replaced: by a weak one, the stored one would be weakened for
    nothing. What describes the stored body stays, but for parameters of its media type. What the new answer keeps from
    shared caches goes.

    set_cookie, received, targets: see `kept`.
    """
    withheld = governing(fields, targets).withheld
    unchanged = _NOT_FRESHENED | ({b"etag"} if b"etag" in stored else frozenset())
    if _details(stored, fields):
        unchanged -= {b"content-type"}
    new: dict[bytes, list[tuple[bytes, bytes]]] = {}
    for pair in kept(fields, set_cookie=set_cookie, received=received, targets=targets):
        if pair[0].lower() not in unchanged:
            new.setdefault(pair[0].lower(), []).append(pair)
    result: list[tuple[bytes, bytes]] = []
    replaced = set(new)
    for pair in stored.pairs:
        name = pair[0].lower()
        if name in new:
            result += new.pop(name)
        elif name not in replaced and name not in withheld:
            result.append(pair)
    return (*result, *(pair for lines in new.values() for pair in lines))


def head_freshens(stored: Fields, fields: Fields, *, status: int = 200, length: int | None = None) -> HeadVerdict:
    """What the answer to a HEAD says of a stored 200 that could have been chosen for the same request.

    length: the stored body's bytes as they came, for Content-Length; None where they are not known.
    An answer without any validator or length would pass the letter of section 4.3.5 and prove nothing: it leaves
    things as they are.
    """
    if status != 200:
        return HeadVerdict.LEAVE
    compared = [name for name in (b"etag", b"last-modified") if name in fields]
    same = [fields.joined(name) == stored.joined(name) for name in compared]
    told = fields.joined(b"content-length")
    if told is not None and length is not None:
        same.append(told.strip(b" \t").lstrip(b"0") == (b"%d" % length).lstrip(b"0"))
    if not same:
        return HeadVerdict.LEAVE
    return HeadVerdict.FRESHEN if all(same) else HeadVerdict.INVALIDATE


def _whole(stored: Sequence[StoredVariant]) -> list[int]:
    """Those that a validation can be about: conditions count for a 200 only (RFC 9110 section 13.2.1)."""
    return [i for i, variant in enumerate(stored) if variant.status == 200]


def _details(stored: Fields, fields: Fields) -> bool:
    """Whether Content-Type names the stored media type with parameters: a charset that was put right, say.

    Another type, or the type alone, is what frameworks say of a body that is empty.
    """
    (before, _), (after, parameters) = _media_type(stored), _media_type(fields)
    return before == after != b"" and parameters != b""


def _media_type(fields: Fields) -> tuple[bytes, bytes]:
    """Content-Type: the type, in lower case, and its parameters; each empty where it is not there."""
    media_type, _, parameters = (fields.joined(b"content-type") or b"").partition(b";")
    return media_type.strip(b" \t").lower(), parameters.strip(b" \t")


def _same_tag(fields: Fields, tag: bytes) -> bool:
    ours = entity_tag(fields)
    return ours is not None and opaque(ours) == opaque(tag)
