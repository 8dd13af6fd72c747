"""The hit lane's folding never brings two requests together that the ordinary way keeps apart."""

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.listeners.hitlane import HitLane
from gateway.model.errors import MessageError
from gateway.model.settings import HitLaneSettings
from gateway.observe.tally import Tally
from gateway.policy.admission import Admission
from gateway.policy.document import parse
from gateway.policy.keying import Keyer
from gateway.policy.noise import noise
from gateway.wire.head import request_head
from tests.support.policy import route

ROUTE = route()
LANE = HitLane(HitLaneSettings(), lambda key, now: None, lambda name, outcome: Tally(), noise([ROUTE]), False)
NAMES = st.sampled_from(
    [b"X-Request-Id", b"traceparent", b"User-Agent", b"Authorization", b"X-Api-Key", b"Cookie", b"Accept-Encoding",
     b"Range", b"Connection", b"Transfer-Encoding", b"Content-Type", b"x-request-id ", b" X-Request-Id", b""]
)  # fmt: skip
VALUES = st.one_of(
    st.sampled_from([b"1", b"2", b"close", b"chunked", b"X-Api-Key", b"a\nb: c", b"a\r\nAuthorization: x", b"\x00"]),
    st.binary(max_size=6),
)
LINES = st.lists(st.tuples(NAMES, VALUES), max_size=6)
BODIES = st.sampled_from([b'{"q":1}', b'{"q":2}', b"{}\r\n\r\n"])


def wire(lines, body) -> bytes:
    fields = b"".join(b"%b:%b\r\n" % line for line in lines)
    return b"POST /rag HTTP/1.1\r\nHost: gw\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), fields, body)


def ordinary(data: bytes):
    """What the ordinary way makes of it: the reason to bypass or the key, and the body's bytes."""
    head, _, body = data.partition(b"\r\n\r\n")
    request = request_head(head + b"\r\n", 100, 1000, "192.0.2.1")
    document = parse(body)
    return Admission(ROUTE).check(request, document), Keyer(ROUTE).key(request, body, document), body


@given(LINES, BODIES, LINES, BODIES)
@settings(max_examples=2000)
def test_folded_alike_is_asked_alike(lines, body, others, other_body):
    mixed = [line for line in lines if line[0] not in (b"X-Request-Id", b"traceparent", b"User-Agent")]
    noisy = [line for line in others if line[0] in (b"X-Request-Id", b"traceparent", b"User-Agent")]
    for second in (wire(others, other_body), wire(mixed + noisy, body), wire(noisy + mixed, body)):
        first = wire(lines, body)
        folded = LANE._fold(first)
        if folded is None or folded != LANE._fold(second):
            continue
        try:
            known = ordinary(first)
        except MessageError:
            continue  # it was refused, and so never learned
        assert ordinary(second) == known
