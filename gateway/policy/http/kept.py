"""Fields that are stored with an answer (RFC 9111 section 3.1)."""

from email.utils import formatdate

from gateway.model.fields import Fields, Pairs
from gateway.policy.hops import HOP_BY_HOP, connection_options
from gateway.policy.http.dates import http_date
from gateway.policy.http.directives import CDN, governing
from gateway.policy.http.storable import COOKIES, SetCookie

# Made anew for each delivery, or about trailers, which are not stored.
_MADE_ANEW = frozenset({b"age", b"trailer"})
_SIZE = frozenset({b"content-length"})


def kept(
    fields: Fields,
    *,
    method: bytes = b"GET",
    set_cookie: SetCookie = "refuse",
    received: float | None = None,
    targets: tuple[bytes, ...] = CDN,
) -> Pairs:
    """The fields to store, in order and spelling: all but those about this hop, this delivery or one user.

    Unknown ones stay, and so do those that govern caching: whoever uses the answer reads them again. Content-Length
    is made anew from the body, but for an answer to HEAD, where nobody could. Set-Cookie stays only with `keep`: an
    answer that is stored although it sets cookies is so without them.

    received: Unix seconds; an answer without a valid Date gets this one (RFC 9110 section 6.6.1).
    """
    dropped = HOP_BY_HOP | _MADE_ANEW | connection_options(fields) | governing(fields, targets).withheld
    if method != b"HEAD":
        dropped |= _SIZE
    if set_cookie != "keep":
        dropped |= COOKIES
    dated: Pairs = ()
    if received is not None and all(http_date(line, received) is None for line in fields.all(b"date")):
        dropped |= {b"date"}
        dated = ((b"Date", formatdate(received, usegmt=True).encode()),)
    return tuple([pair for pair in fields.pairs if pair[0].lower() not in dropped]) + dated
