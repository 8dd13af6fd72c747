"""Whatever bytes a client or an upstream sends, decisions are taken and nothing raises."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.fields import Fields
from gateway.model.settings.file import ForwardingSettings
from gateway.policy.admission import Admission
from gateway.policy.coding import accepts, decode, only_readable, preference
from gateway.policy.document import parse
from gateway.policy.forwarding import Forwarding, loops
from gateway.policy.keying import Keyer
from gateway.policy.routing import Router
from gateway.policy.storing import Skip, Store, Storing
from tests.support.policy import request, route

KNOWN = [
    b"Cache-Control", b"Vary", b"Set-Cookie", b"Content-Type", b"Content-Encoding", b"Content-Length", b"Age",
    b"Connection", b"Upgrade", b"TE", b"Via", b"Expires", b"Surrogate-Key", b"Cache-Tag", b"Accept-Encoding",
    b"X-Forwarded-For", b"Forwarded", b"Host", b"Range", b"Trailer",
]  # fmt: skip
VALUES = st.binary(max_size=20) | st.sampled_from(
    [b"gzip, br;q=0", b"*", b"no-store", b"upgrade", b"text/event-stream", b"max-age=5", b"trailers", b"private"]
)
FIELDS = st.lists(st.tuples(st.sampled_from(KNOWN), VALUES), max_size=8).map(tuple)
ROUTE = route(
    match={"path": "/{any}/*", "host": ["*.example"], "body": [{"pointer": "/q", "exists": False}]},
    key={"body": ["/q", "/m/*/c"], "ignore": ["/user"], "normalize": {"/q": ["nfkc", "punctuation"]}},
    cache={"store_unless": [{"pointer": "/error"}], "request_directives": "respect"},
    empty={"when": [{"pointer": "/docs", "is": []}]},
    bypass_when=[{"pointer": "/conversation_id", "is_not": None}],
    tags=["doc:{/docs/*/id}"],
)


@given(st.binary(max_size=40), FIELDS, st.binary(max_size=60))
def test_requests(target: bytes, fields: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    of = request(target=b"/" + target, fields=fields, authority=target)
    document = parse(body)
    router = Router([ROUTE, route()])
    assert router.needs_body(of) > 0
    assert router.match(of, document) is not None
    Admission(ROUTE).check(of, document)
    assert len(Keyer(ROUTE).key(of, body, document)) == 32
    forwarding = Forwarding(ForwardingSettings(forwarded=True, via="both"))
    for trusted in (True, False):
        pairs = forwarding.request_fields(
            of, upstream_authority=b"up", host="pass", trusted=trusted, body_length=len(body)
        )
        names = [name.lower() for name, _ in pairs]
        assert names.count(b"host") == 1
        assert b"transfer-encoding" not in names
        assert b"upgrade" not in names
    loops(of.fields, b"ragfront")


@given(st.integers(min_value=200, max_value=599) | st.just(200), FIELDS, st.binary(max_size=60))
def test_answers(status: int, fields: tuple[tuple[bytes, bytes], ...], body: bytes) -> None:
    storing = Storing(ROUTE)
    answered = Fields(fields)
    skip = storing.head(request(), status, answered, 0.0)
    verdict = skip or storing.whole(request(), status, answered, body, 1e9, lambda: 0.5)
    match verdict:
        case Store():
            names = {name.lower() for name, _ in verdict.fields}
            assert not names & {b"set-cookie", b"connection", b"transfer-encoding", b"content-length"}
            assert verdict.lifetimes.useful
            assert status == 200
        case Skip():
            assert not (verdict.shareable and b"set-cookie" in answered)


@given(st.binary(max_size=60), st.binary(max_size=200), st.sampled_from([b"gzip", b"deflate", b"zstd", b"gzip, zstd"]))
def test_codings(field: bytes, body: bytes, coding: bytes) -> None:
    accepts(field, coding)
    preference(field)
    only_readable(field)
    decoded = decode(body, coding, 1000)
    assert decoded is None or len(decoded) <= 1000
