"""Parts: what is held of a representation, and what of it may be served."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.fields import Fields
from gateway.policy.http.combining import Fragment
from gateway.policy.http.parts import about_the_whole, fragments, packed, served
from tests.support.policy import entry, request

TAG = b'"v1"'
HELD = (Fragment(0, b"0123", 200, TAG), Fragment(150, b"abcdef", 200, TAG))


def record(parts=HELD):
    return entry(fields=((b"ETag", TAG), (b"Content-Type", b"x/y"), (b"Content-Digest", b"d")), body=packed(parts))


def ask(value: bytes, *pairs: tuple[bytes, bytes], method: bytes = b"GET", kept=None):
    return served(kept or record(), request(method, b"/a", ((b"Range", value), *pairs)))


@given(
    st.lists(st.tuples(st.integers(0, 10**18 - 1), st.binary(min_size=1)), min_size=1),
    st.none() | st.integers(1, 10**18 - 1),
)
def test_what_is_packed_is_read_again(parts, size):
    made = tuple(Fragment(first, body, size, TAG) for first, body in parts)
    assert fragments(record(made)) == made


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"\n", b"body", b"[1]\nx", b'{"size":1,"parts":[[0]]}\nx', packed(HELD) + b"x", packed(HELD)[:-1]],
)
def test_what_is_no_record_holds_nothing(body):
    assert fragments(replace(record(), body=body)) == ()


def test_nothing_is_held_without_a_strong_tag():
    assert fragments(entry(fields=((b"ETag", b'W/"v1"'),), body=packed(HELD))) == ()
    assert fragments(None) == ()


@pytest.mark.parametrize(
    ("value", "body", "told"),
    [
        (b"bytes=0-3", b"0123", b"bytes 0-3/200"),
        (b"bytes=1-2", b"12", b"bytes 1-2/200"),
        (b"bytes=152-153", b"cd", b"bytes 152-153/200"),
    ],
)
def test_a_part_of_what_is_held_is_served(value, body, told):
    part = ask(value)
    assert part is not None
    fields = Fields(part.fields)
    assert (part.status, part.body, fields.get(b"content-range")) == (206, body, told)
    assert (fields.get(b"content-type"), fields.get(b"content-digest")) == (b"x/y", None)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"bytes=3-4", id="it begins in what is held"),
        pytest.param(b"bytes=-10", id="it ends behind it"),
        pytest.param(b"bytes=100-", id="it begins before it"),
        pytest.param(b"bytes=0-0,155-155", id="several"),
        pytest.param(b"bytes=500-", id="behind the end"),
        pytest.param(b"lines=0-1", id="another unit"),
    ],
)
def test_what_is_not_held_or_odd_is_asked_for(value):
    assert ask(value) is None


@pytest.mark.parametrize(
    "pair",
    [(b"If-Range", b'"v2"'), (b"If-None-Match", b'"v1"'), (b"If-Modified-Since", b"Sun, 06 Nov 1994 08:49:37 GMT")],
)
def test_conditions_are_for_those_who_have_the_whole(pair):
    assert ask(b"bytes=0-1", pair) is None


def test_nothing_is_served_where_nobody_has_told_the_size():
    assert ask(b"bytes=0-1", kept=record((Fragment(0, b"0123", None, TAG),))) is None


def test_head_asks_for_no_part():
    assert ask(b"bytes=0-1", method=b"HEAD") is None


def test_about_the_whole_nothing_is_said_that_is_of_the_part():
    told = Fields(((b"ETag", TAG), (b"Content-Range", b"bytes 0-1/2"), (b"Content-Length", b"2")))
    assert about_the_whole(told).pairs == ((b"ETag", TAG),)
