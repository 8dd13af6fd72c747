"""What of a request its upstream hears, where the answer goes under a key that others share."""

import pytest

from gateway.model.fields import Pairs
from gateway.policy.http.heard import HINTS, heard
from gateway.policy.http.uri import target_uri
from tests.support.policy import request

PORT = (b"X-Forwarded-Port", b"8443")
HOST = (b"X-Forwarded-Host", b"A.Example:80")
NONE: frozenset[bytes] = frozenset()


@pytest.mark.parametrize(
    ("target", "authority", "expected"),
    [
        (b"/%7ea?%61", b"A.example:80", (b"/~a?%61", b"a.example")),
        (b"/a%2fb", b"a:8080", (b"/a%2Fb", b"a:8080")),
        (b"/a?", b"[::1]:80", (b"/a?", b"[::1]")),
        (b"/a", b"u@h", (b"/a", b"u@h")),
        (b"/a", b"", (b"/a", b"")),
    ],
)
def test_the_spelling_of_the_key(target: bytes, authority: bytes, expected: tuple[bytes, bytes]) -> None:
    asked = request(b"GET", target, authority=authority)
    told = heard(asked, trusted=False, keyed=NONE)
    assert (told.target, told.authority) == expected
    assert target_uri(told) == target_uri(asked)


@pytest.mark.parametrize(
    ("trusted", "keyed", "expected"),
    [
        (False, NONE, ()),
        (False, frozenset({b"x-forwarded-port"}), (PORT,)),
        (True, NONE, (PORT,)),
    ],
)
def test_hints_are_for_peers_that_are_trusted(trusted: bool, keyed: frozenset[bytes], expected: Pairs) -> None:
    assert heard(request(b"GET", b"/a", (PORT,)), trusted=trusted, keyed=keyed).fields.pairs == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (HOST, (b"X-Forwarded-Host", b"a.example")),
        ((b"X-Forwarded-Host", b"a, b"), (b"X-Forwarded-Host", b"a, b")),
        ((b"X-Forwarded-Proto", b"HTTPS"), (b"X-Forwarded-Proto", b"https")),
    ],
)
def test_what_a_peer_tells_of_the_target_is_spelled_as_the_key_has_it(
    field: tuple[bytes, bytes], expected: tuple[bytes, bytes]
) -> None:
    assert heard(request(b"GET", b"/a", (field,)), trusted=True, keyed=NONE).fields.pairs == (expected,)


def test_hints_are_named_in_lower_case() -> None:
    assert all(name == name.lower() for name in HINTS)
