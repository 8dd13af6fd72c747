"""Calls: what is sent upstream for an exchange."""

from dataclasses import replace

from gateway.model.exchange import Exchange, Request
from gateway.model.fields import Fields, Pairs
from gateway.pipeline.plan import Plan
from gateway.policy.coding import only_readable
from gateway.policy.forwarding import CONDITIONAL
from gateway.policy.hops import end_to_end, wants_upgrade
from gateway.upstream.call import Call
from gateway.upstream.fetch import Upstream

# Methods that may be sent again where nothing came back (RFC 9110 section 9.2.2).
_IDEMPOTENT = frozenset({b"GET", b"HEAD", b"OPTIONS", b"TRACE", b"PUT", b"DELETE"})
_ASKED_ALONE = CONDITIONAL | {b"expect"}
_EXPECT = frozenset({b"expect"})
_CHUNKED = (b"Transfer-Encoding", b"chunked")


def for_fill(plan: Plan, x: Exchange, upstream: Upstream) -> Call:
    """A call whose answer may be stored: the body is at hand, and the route vouches that asking twice does no harm."""

    def fields(authority: bytes) -> Pairs:
        pairs = plan.forwarding.request_fields(
            x.request,
            upstream_authority=authority,
            host=upstream.settings.host,
            trusted=plan.forwarding.is_trusted(x.request.peer),
            body_length=len(x.body),
            without=_ASKED_ALONE,
        )
        if b"accept-encoding" not in x.request.fields:
            return pairs
        return tuple(_readable(pair) if pair[0].lower() == b"accept-encoding" else pair for pair in pairs)

    return Call(
        x.request.method,
        _target(x),
        fields,
        body=x.body,
        repeatable=True,
        seat=x.seat,
        affinity=_affinity(x, upstream),
    )


def _readable(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Ask only for codings that can be decoded: the answer is looked into, and serves clients that take none."""
    return pair[0], only_readable(pair[1])


def for_relay(plan: Plan, x: Exchange, upstream: Upstream) -> Call:
    """A call that passes the client's message on as it comes."""
    request, buffered = x.request, x.rest is None
    interim = x.interim
    return Call(
        request.method,
        _target(x),
        lambda authority: _relayed_fields(plan, x, upstream, authority),
        body=x.body,
        rest=x.rest,
        chunked=not buffered and x.length is None,
        trailers=x.trailers,
        repeatable=request.method in _IDEMPOTENT or (buffered and x.route is not None),
        expects=x.expects and not buffered,
        interim=interim and (lambda head: interim(head.status, head.reason, end_to_end(head.fields))),
        upgrade=wants_upgrade(request.fields, request.version),
        affinity=_affinity(x, upstream),
    )


def for_retrieval(
    plan: Plan,
    request: Request,
    carried: frozenset[bytes],
    upstream: Upstream,
    method: bytes,
    target: bytes,
    body: bytes | None,
) -> Call:
    """A call for the documents that belong to a request.

    Whoever asks the same question gets them, too. So of the client's fields it has only those that are `carried`: in
    the key, or credentials; where these are not in the key, the route has said that they do not matter.
    """
    kept = tuple(pair for pair in request.fields.pairs if pair[0].lower() in carried)
    said: Pairs = ((b"Accept", b"application/json"),)
    if body is not None:
        said = (*said, (b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(body)))
    aside = replace(request, method=method, fields=Fields((*kept, *said)))

    def fields(authority: bytes) -> Pairs:
        return plan.forwarding.request_fields(
            aside,
            upstream_authority=authority,
            host=upstream.settings.host,
            trusted=plan.forwarding.is_trusted(request.peer),
            body_length=len(body or b""),
        )

    return Call(method, target, fields, body=body or b"", repeatable=True, aside=True)


def _affinity(x: Exchange, upstream: Upstream) -> bytes | None:
    return upstream.affinity.of(x.key, x.body) if upstream.affinity.wanted else None


def _relayed_fields(plan: Plan, x: Exchange, upstream: Upstream, authority: bytes) -> Pairs:
    request, forwarding, host = x.request, plan.forwarding, upstream.settings.host
    trusted = forwarding.is_trusted(request.peer)
    if wants_upgrade(request.fields, request.version):
        return forwarding.upgrade_fields(request, upstream_authority=authority, host=host, trusted=trusted)
    pairs = forwarding.request_fields(
        request,
        upstream_authority=authority,
        host=host,
        trusted=trusted,
        body_length=len(x.body) if x.rest is None else None,
        without=frozenset() if x.expects else _EXPECT,
    )
    return (*pairs, _CHUNKED) if x.rest is not None and x.length is None else pairs


def _target(x: Exchange) -> bytes:
    """Origin form, raw; `*` and CONNECT's authority form as they are (RFC 9112 section 3.2)."""
    request = x.request
    if request.target.startswith(b"/") or request.target == b"*" or request.method == b"CONNECT":
        return request.target
    return request.path if request.query is None else b"%b?%b" % (request.path, request.query)
