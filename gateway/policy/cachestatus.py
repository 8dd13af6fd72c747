"""Cache-Status: how a request was answered, for people and tools (RFC 9211)."""

from math import floor

from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason

NAME = b"Cache-Status"
_CACHE = b"ragfront"

_STORED_ANSWERS = frozenset({Outcome.HIT, Outcome.STALE, Outcome.EMPTY})
_FORWARDED = {
    Outcome.MISS: b"uri-miss",
    Outcome.COLLAPSED: b"uri-miss",
    Outcome.BYPASS: b"bypass",
}
# Why an entry that was there did not do (RFC 9211 section 2.2).
_FORWARDED_BECAUSE = {
    Reason.VARY_MISS: b"vary-miss",
    Reason.REQUEST_NO_CACHE: b"request",
    Reason.STALE: b"stale",
    Reason.NO_CACHE: b"stale",  # stale as soon as it is stored: each use needs a validation
}


def cache_status(exchange: Exchange) -> bytes:
    """The field's value, such as `ragfront; hit; ttl=376` or `ragfront; fwd=uri-miss; stored; collapsed`.

    In shadow mode the detail tells what would have been: `shadow-hit`.
    """
    outcome, reason = exchange.outcome, exchange.reason
    parts = [_CACHE]
    if outcome in _STORED_ANSWERS:
        parts.append(b"hit")
        if exchange.ttl is not None:
            parts.append(b"ttl=%d" % floor(exchange.ttl))
    else:
        forwarded = _fwd(exchange)
        if forwarded:
            parts.append(b"fwd=" + forwarded)
            if exchange.fwd_status and exchange.fwd_status != exchange.status:
                parts.append(b"fwd-status=%d" % exchange.fwd_status)
        if exchange.stored:
            parts.append(b"stored")
        if exchange.collapsed or outcome is Outcome.COLLAPSED:
            parts.append(b"collapsed")
    if reason is not None:
        would = b"" if exchange.would is None or reason is not Reason.SHADOW else b"-" + exchange.would.encode()
        parts.append(b"detail=" + reason.encode() + would)
    return b"; ".join(parts)


def _fwd(exchange: Exchange) -> bytes:
    """Why the request went upstream; b"" where it did not."""
    if exchange.fwd:
        return exchange.fwd.encode()
    if exchange.outcome is Outcome.MISS and exchange.reason in _FORWARDED_BECAUSE:
        return _FORWARDED_BECAUSE[exchange.reason]
    return _FORWARDED.get(exchange.outcome, b"")
