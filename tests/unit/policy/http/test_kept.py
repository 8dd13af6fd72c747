from typing import Any

import pytest

from gateway.model.fields import Fields, Pairs
from gateway.policy.http.kept import kept

NOW = 784_111_777.9
DATE = (b"Date", b"Sun, 06 Nov 1994 08:49:37 GMT")


def names(fields: Pairs, **how: Any) -> list[bytes]:
    return [name for name, _ in kept(Fields(fields), **how)]


def test_fields_of_this_hop_are_not_stored() -> None:  # 3.1, RFC 9110 section 7.6.1
    fields: Pairs = (
        (b"Connection", b"close, A, b"),
        (b"A", b"1"),
        (b"B", b"2"),
        (b"c", b"3"),
        (b"Keep-Alive", b"timeout=5"),
        (b"Proxy-Authenticate", b"Basic"),
        (b"Proxy-Authentication-Info", b"x"),
        (b"Proxy-Authorization", b"Basic eDp5"),
        (b"Proxy-Connection", b"close"),
        (b"TE", b"trailers"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Upgrade", b"h2c"),
        (b"Trailer", b"X-Sum"),
        (b"Age", b"5"),
    )
    assert names(fields) == [b"c"]


def test_all_others_are_stored_in_order_and_spelling() -> None:  # 3.1
    fields: Pairs = (
        (b"Content-Type", b"text/plain"),
        (b"X-Unknown", b""),
        (b"content-encoding", b"gzip"),
        (b"Cache-Control", b"max-age=60"),
        (b"CDN-Cache-Control", b"max-age=600"),
        (b"Expires", b"0"),
        DATE,
        (b"ETag", b'"x"'),
        (b"Vary", b"Accept"),
        (b"Strict-Transport-Security", b"max-age=1"),
        (b"WWW-Authenticate", b"Basic"),
        (b"Warning", b"110 - x"),
        (b"X-Twice", b"1"),
        (b"x-twice", b"2"),
    )
    assert kept(Fields(fields), received=NOW) == fields


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        pytest.param(b'no-cache="a"', [b"Cache-Control", b"B"], id="5.2.2.4-one"),
        pytest.param(b'no-cache="b, A"', [b"Cache-Control"], id="5.2.2.4-several"),
        pytest.param(b'private="B"', [b"Cache-Control", b"a"], id="5.2.2.7-one"),
        pytest.param(b'private="B", no-cache="a"', [b"Cache-Control"], id="both"),
        pytest.param(b'no-cache="cache-control, a"', [b"Cache-Control", b"a", b"B"], id="5.2.2.4-needed-field"),
        pytest.param(b"no-cache", [b"Cache-Control", b"a", b"B"], id="5.2.2.4-all"),
    ],
)
def test_fields_that_directives_name_are_not_stored(value: bytes, stored: list[bytes]) -> None:
    assert names(((b"Cache-Control", value), (b"a", b"1"), (b"B", b"2"))) == stored


@pytest.mark.parametrize(("how", "count"), [("refuse", 0), ("strip", 0), ("keep", 3)])
def test_cookies_are_stored_only_where_told(how: str, count: int) -> None:  # 7.3
    fields: Pairs = ((b"Set-Cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"Set-Cookie2", b"c=3"))
    assert len(kept(Fields(fields), set_cookie=how)) == count  # type: ignore[arg-type]


@pytest.mark.parametrize(("method", "stored"), [(b"GET", []), (b"HEAD", [b"Content-Length"])])
def test_the_size_is_stored_where_there_is_no_body_to_tell_it(method: bytes, stored: list[bytes]) -> None:
    assert names(((b"Content-Length", b"1400"),), method=method) == stored


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param((), (DATE,), id="absent"),
        pytest.param(((b"Date", b"foo"), (b"X", b"1")), ((b"X", b"1"), DATE), id="invalid"),
        pytest.param(*(((b"date", b"Thu, 01 Jan 1970 00:00:00 GMT"),),) * 2, id="valid"),
    ],
)
def test_answers_without_a_date_get_that_of_their_coming(fields: Pairs, expected: Pairs) -> None:  # RFC 9110 6.6.1
    assert kept(Fields(fields), received=NOW) == expected
