"""Asking: whatever fields a request has, what is kept holds none of its secrets, and asks what it asked."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.asking import asking, decode, encode
from gateway.policy.document import parse
from gateway.policy.keying import CREDENTIALS, Keyer
from tests.support.policy import request, route

SECRET = b"s3cret"
NAMES = st.sampled_from([b"Accept", b"Content-Type", b"X-Plan", b"x_plan", b"Connection", b"X-Odd", *CREDENTIALS])
LINES = st.lists(st.tuples(NAMES, st.sampled_from([b"1", b"accept", b"x-plan", b"application/json"])), max_size=5)
IDENTITY = st.sampled_from(["credentials", "shared", ["x-plan"], ["authorization"]])


@given(LINES, IDENTITY, st.sampled_from([[], ["x-plan"], ["cookie"]]), st.binary(max_size=8))
def test_what_is_kept_asks_the_same_and_tells_no_secret(lines, identity, headers, body):
    stated = route(key={"identity": identity, "headers": headers})
    fields = tuple((name, SECRET if name in CREDENTIALS else value) for name, value in lines)
    asked = request(fields=fields)
    found = asking(stated, Keyer(stated), asked, body)
    if found is None:
        assert fields
        return
    key, one = found
    record = encode([(one, 1.0)])
    assert SECRET not in record
    assert decode(record) == [(one, 1.0)]
    assert Keyer(stated).key(one.request(), body, parse(body)) == key == Keyer(stated).key(asked, body, parse(body))


@given(st.binary(max_size=200))
def test_no_record_makes_reading_it_fail(record):
    assert decode(record) == []
