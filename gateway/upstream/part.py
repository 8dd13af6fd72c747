"""Part: what one caller gets of an answer to many, as if it had been the answer to that caller alone."""

from gateway.model.fields import Fields, Pairs
from gateway.upstream.reply import Reply
from gateway.wire.head import ResponseHead

# About the whole answer's bytes, which the part's are not.
_ABOUT_THE_WHOLE = frozenset(
    {
        b"content-length", b"content-encoding", b"transfer-encoding", b"trailer",
        b"etag", b"content-md5", b"digest", b"content-digest", b"repr-digest", b"accept-ranges",
    }
)  # fmt: skip


class PartReply(Reply):
    """A reply that is all there. whole, trailers: the answer's to all."""

    __slots__ = ("_data", "_size", "_trailers", "_whole")

    def __init__(self, upstream: str, head: ResponseHead, body: bytes, *, whole: bool, trailers: Fields) -> None:
        self.upstream = upstream
        self.head = head
        self._body = self._on_end = None  # nothing of it is still to come
        self._data = body
        self._size = len(body)
        self._whole = whole
        self._trailers = trailers

    @property
    def upgraded(self) -> bool:
        """Never."""
        return False

    @property
    def length(self) -> int | None:
        """Known at once."""
        return self._size

    @property
    def whole(self) -> bool:
        """Whether the answer that this is a part of ended as announced."""
        return self._whole

    @property
    def trailers(self) -> Fields:
        """Those of the answer that this is a part of."""
        return self._trailers

    async def read(self) -> bytes:
        """All of it, then b""."""
        data, self._data = self._data, b""
        return data

    def close(self, result: str = "abandoned") -> None:
        """There is nothing to give up."""


def part_of(reply: Reply, body: bytes) -> PartReply:
    """The reply that `body` would have been alone; `reply` has been read to its end, and decoded."""
    head = reply.head
    fields = Fields((*about_parts(head.fields.pairs), (b"Content-Length", b"%d" % len(body))))
    told = ResponseHead(head.status, head.reason, head.version, fields)
    return PartReply(reply.upstream, told, body, whole=reply.whole, trailers=reply.trailers)


def about_parts(pairs: Pairs) -> Pairs:
    """The fields of an answer to many that are true of each part, too, or of several put together."""
    return tuple(pair for pair in pairs if pair[0].lower() not in _ABOUT_THE_WHOLE)
