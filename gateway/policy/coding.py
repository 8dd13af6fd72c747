"""Content codings: which of them a client takes, and reading a coded body without being blown up by it."""

import zlib
from collections.abc import Callable

import zstandard

from gateway.model.exchange import Request

Decoder = Callable[[bytes, int], bytes | None]

_ALIASES = {b"x-gzip": b"gzip", b"x-compress": b"compress"}
_MOST_CODINGS = 4  # one on top of the other; nobody means more
_MOST_STREAMS = 64  # each one copies what is left of the body
_ZSTD_WINDOW = 8 << 20  # RFC 9659: what a decoder must support, and may refuse beyond


def codings(value: bytes | None) -> tuple[bytes, ...]:
    """A Content-Encoding's codings in the order of application, lower case, without identity."""
    if not value:
        return ()
    listed = (_canonical(part) for part in value.split(b","))
    return tuple(coding for coding in listed if coding not in (b"", b"identity"))


def accepts(accept_encoding: bytes | None, coding: bytes) -> bool:
    """Whether a body of this Content-Encoding may be sent to a client (RFC 9110 section 12.5.3).

    accept_encoding: all its lines joined; None where it said nothing. The RFC would then allow any coding, but such
    clients are mostly those that can decode none: they get uncoded bodies only.
    """
    weights = _weights(accept_encoding)
    needed = codings(coding)
    if not needed:
        return weights.get(b"identity", weights.get(b"*", 1.0) or 0.0) > 0
    return all(weights.get(each, weights.get(b"*", 0.0)) > 0 for each in needed)


def takes(request: Request, coding: bytes | None) -> bool:
    """Whether an answer of this Content-Encoding, made for another client, may go to this one, as it is coded."""
    return not coding or accepts(request.fields.joined(b"accept-encoding"), coding)


def preference(accept_encoding: bytes) -> bytes:
    """An Accept-Encoding as far as it can change an answer: known codings by falling weight, refused ones marked.

    Codings of one weight are sorted by name; `gzip;q=1.0, br` and `br,gzip` are alike.
    """
    ranks: dict[float, list[bytes]] = {}
    for coding, weight in _weights(accept_encoding).items():
        if coding in _KNOWN:
            ranks.setdefault(weight, []).append(coding)
    return b">".join(
        b",".join(sorted(ranks[weight])) if weight else b"!" + b",".join(sorted(ranks[weight]))
        for weight in sorted(ranks, reverse=True)
    )


def only_readable(accept_encoding: bytes) -> bytes:
    """An Accept-Encoding without the codings that `decode` cannot read, in the client's order and spelling.

    For asking an upstream whose answers have to be looked into. b"" where none is left: send the field empty.
    """
    parts = (part.strip(b" \t") for part in accept_encoding.split(b","))
    return b", ".join(part for part in parts if _canonical(part.partition(b";")[0]) in (*_DECODERS, b"identity"))


def decode(body: bytes, coding: bytes, limit: int) -> bytes | None:
    """The body without its Content-Encoding; None where that is unknown, corrupt, cut off or over `limit` bytes."""
    applied = codings(coding)
    if len(applied) > _MOST_CODINGS:
        return None
    decoded: bytes | None = body
    for each in reversed(applied):
        decoder = _DECODERS.get(each)
        if decoder is None or decoded is None:
            return None
        decoded = decoder(decoded, limit)
    return decoded if decoded is not None and len(decoded) <= limit else None


def _canonical(coding: bytes) -> bytes:
    coding = coding.strip(b" \t").lower()
    return _ALIASES.get(coding, coding)


def _weights(accept_encoding: bytes | None) -> dict[bytes, float]:
    """Coding -> q; of a coding that is listed twice, the first counts. A malformed q is 0: do not send it."""
    weights: dict[bytes, float] = {}
    for part in (accept_encoding or b"").split(b","):
        coding, _, parameters = part.partition(b";")
        name = _canonical(coding)
        if name:
            weights.setdefault(name, _weight(parameters))
    return weights


def _weight(parameters: bytes) -> float:
    name, _, value = parameters.replace(b" ", b"").replace(b"\t", b"").partition(b"=")
    if name.lower() != b"q":
        return 1.0
    whole, _, thousandths = value.partition(b".")
    if whole not in (b"0", b"1") or (thousandths and not thousandths.isdigit()):
        return 0.0
    return min(float(value), 1.0)


def _inflate(body: bytes, limit: int, wbits: int) -> bytes | None:
    """One or several zlib or gzip streams, one after the other."""
    whole = bytearray()
    rest = body
    try:
        for _ in range(_MOST_STREAMS):
            stream = zlib.decompressobj(wbits)
            whole += stream.decompress(rest, limit + 1 - len(whole))
            if not stream.eof or len(whole) > limit:
                return None
            rest = stream.unused_data
            if not rest:
                return bytes(whole)
    except zlib.error:
        pass
    return None


def _gzip(body: bytes, limit: int) -> bytes | None:
    return _inflate(body, limit, 16 + zlib.MAX_WBITS)


def _deflate(body: bytes, limit: int) -> bytes | None:
    # "deflate" is the zlib format (RFC 9110 section 8.4.1.2), but some services send it bare.
    decoded = _inflate(body, limit, zlib.MAX_WBITS)
    return _inflate(body, limit, -zlib.MAX_WBITS) if decoded is None else decoded


def _zstd(body: bytes, limit: int) -> bytes | None:
    """One frame. The size that it claims is checked first: that much would be allocated at once."""
    try:
        claimed = zstandard.get_frame_parameters(body).content_size
        if claimed not in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR) and claimed > limit:
            return None
        decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        return decompressor.decompress(body, max_output_size=max(limit, 1), allow_extra_data=False)
    except zstandard.ZstdError:
        return None


_DECODERS: dict[bytes, Decoder] = {b"gzip": _gzip, b"deflate": _deflate, b"zstd": _zstd}
_KNOWN = frozenset({*_DECODERS, b"br", b"identity", b"*"})
