from typing import Any

import pytest

from gateway.model.exchange import Request
from gateway.model.fields import Pairs
from gateway.policy.document import parse
from gateway.policy.keying import CREDENTIALS, Keyer, frame
from tests.support.policy import request, route

JSON = b"application/json"


def key(of: Request, body: bytes = b"", **settings: Any) -> bytes:
    return Keyer(route(**settings)).key(of, body, parse(body))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"target": b"/rag?b=1&a=2"}, {"target": b"/rag?a=2&b=1"}),
        ({"authority": b"RAG.example:8080"}, {"authority": b"rag.example:9090"}),
        ({"fields": ((b"User-Agent", b"a"), (b"X-Stainless-Retry-Count", b"1"))}, {"fields": ()}),
        ({"fields": ((b"Content-Type", JSON),)}, {"fields": ((b"content-type", b"Application/JSON;charset=UTF-8"),)}),
        ({"fields": ((b"AUTHORIZATION", b"k"),)}, {"fields": ((b"authorization", b"k"),)}),
        ({"fields": ((b"Cookie", b"k"), (b"Api-Key", b"l"))}, {"fields": ((b"Api-Key", b"l"), (b"Cookie", b"k"))}),
        ({"version": (1, 0)}, {"version": (1, 1)}),
        ({"peer": "192.0.2.1"}, {"peer": "192.0.2.2"}),
    ],
)
def test_same_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(request(**one)) == key(request(**other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"method": b"GET"}, {"method": b"HEAD"}),
        ({"target": b"/a%2Fb"}, {"target": b"/a/b"}),
        ({"target": b"/a%2Fb"}, {"target": b"/a%2fb"}),
        ({"target": b"/rag"}, {"target": b"/rag/"}),
        ({"target": b"/rag"}, {"target": b"/rag?"}),
        ({"target": b"/rag?a=1&a=2"}, {"target": b"/rag?a=2&a=1"}),
        ({"target": b"/rag?%61=2&a=1"}, {"target": b"/rag?a=1&%61=2"}),
        ({"authority": b"a.example"}, {"authority": b"b.example"}),
        ({"scheme": b"http"}, {"scheme": b"https"}),
        ({"fields": ((b"Authorization", b"a"),)}, {"fields": ((b"Authorization", b"b"),)}),
        ({"fields": ((b"Authorization", b"a"),)}, {"fields": ((b"Cookie", b"a"),)}),
        ({"fields": ((b"Authorization", b""),)}, {"fields": ()}),
        ({"fields": ((b"Cookie", b"a"), (b"Cookie", b"b"))}, {"fields": ((b"Cookie", b"b"), (b"Cookie", b"a"))}),
        ({"fields": ((b"Cookie", b"a"), (b"Cookie", b"b"))}, {"fields": ((b"Cookie", b"a, b"),)}),
        ({"fields": ((b"X-Tenant-Id", b"1"),)}, {"fields": ((b"X-Tenant-Id", b"2"),)}),
        ({"fields": ((b"Origin", b"https://a"),)}, {"fields": ((b"Origin", b"https://b"),)}),
        ({"fields": ((b"X-HTTP-Method-Override", b"DELETE"),)}, {"fields": ()}),
        ({"fields": ((b"Content-Type", JSON),)}, {"fields": ((b"Content-Type", b"text/plain"),)}),
        ({"fields": ((b"Content-Type", JSON),)}, {"fields": ()}),
        ({"fields": ((b"Content-Type", b"application/ld+json"),)}, {"fields": ((b"Content-Type", JSON),)}),
        ({"fields": ((b"Content-Type", JSON),)}, {"fields": ((b"Content-Type", JSON), (b"Content-Type", b"x/y"))}),
    ],
)
def test_different_keys(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert key(request(**one)) != key(request(**other))


@pytest.mark.parametrize("name", sorted(CREDENTIALS))
def test_credentials_partition_by_default_and_not_where_shared(name: bytes) -> None:
    one, other = request(fields=((name, b"1"),)), request(fields=((name, b"2"),))
    assert key(one) != key(other)
    assert key(one, key={"identity": "shared"}) == key(other, key={"identity": "shared"})


def test_identity_by_named_fields_replaces_credentials() -> None:
    settings = {"key": {"identity": ["x-team"]}}
    one: Pairs = ((b"Authorization", b"a"), (b"X-Team", b"t"))
    other: Pairs = ((b"Authorization", b"b"), (b"x-team", b"t"))
    assert key(request(fields=one), **settings) == key(request(fields=other), **settings)
    assert key(request(fields=one), **settings) != key(request(fields=((b"X-Team", b"u"),)), **settings)


def test_chosen_headers_count_beside_identity() -> None:
    settings = {"key": {"headers": ["accept-language"], "identity": "shared"}}
    assert key(request(fields=((b"Accept-Language", b"de"),)), **settings) != key(request(), **settings)


@pytest.mark.parametrize("name", [b"Authorization", b"Accept-Language", b"Content-Type", b"Origin"])
def test_a_field_that_connection_takes_away_is_keyed_as_absent(name: bytes) -> None:
    settings = {"key": {"headers": ["accept-language"]}}
    hidden: Pairs = ((name, b"application/json"), (b"Connection", b"close, " + name))
    assert key(request(fields=hidden), **settings) == key(request(), **settings)


def test_routes_upstreams_and_bodies_are_told_apart() -> None:
    assert key(request(), name="a") != key(request(), name="b")
    assert key(request(), upstream="a") != key(request(), upstream="b")
    assert key(request(), name="ab", upstream="c") != key(request(), name="a", upstream="bc")
    assert key(request(), b"{}") != key(request(), b"[]")
    assert key(request(), b'{"a":1,"b":2}') == key(request(), b'{"b": 2.0, "a": 1}')


def test_a_key_is_a_digest_that_outlives_restarts() -> None:
    of = request(target=b"/rag?x=1", fields=((b"Authorization", b"Bearer k"), (b"Content-Type", JSON)))
    assert key(of, b'{"query":"hi","top_k":3}').hex() == (
        "74c373e671eb89d2f5e550b3b3f5541cc29b5f39c257a37d38e71ae63e23dec2"
    ), "keys have changed: raise KEY_VERSION, or old entries answer new questions"


def variant(names: list[bytes], fields: Pairs) -> bytes:
    return Keyer(route()).variant(b"k" * 32, names, request(fields=fields))


@pytest.mark.parametrize(
    ("names", "one", "other"),
    [
        ([b"Accept-Encoding"], ((b"Accept-Encoding", b"gzip, br"),), ((b"accept-encoding", b"br;q=1.0,gzip"),)),
        ([b"Accept-Encoding"], ((b"Accept-Encoding", b"gzip, x-new"),), ((b"Accept-Encoding", b"x-gzip"),)),
        ([b"Accept"], ((b"Accept", b"text/html, */*"),), ((b"Accept", b"Text/HTML"), (b"Accept", b"*/*"))),
        (
            [b"Accept-Language"],
            ((b"Accept-Language", b"de-DE , en; q=0.5"),),
            ((b"Accept-Language", b"de-de,en;q=0.5"),),
        ),
        ([b"X-A", b"X-B"], ((b"X-A", b"1"),), ((b"X-A", b" 1 "), (b"X-C", b"2"))),
        ([b"X-A"], ((b"X-A", b"1"), (b"Connection", b"x-a")), ()),
    ],
)
def test_same_variant(names: list[bytes], one: Pairs, other: Pairs) -> None:
    assert variant(names, one) == variant(names[::-1], other)


@pytest.mark.parametrize(
    ("names", "one", "other"),
    [
        ([b"Accept-Encoding"], ((b"Accept-Encoding", b"gzip"),), ()),
        ([b"Accept-Encoding"], ((b"Accept-Encoding", b"gzip"),), ((b"Accept-Encoding", b"gzip;q=0"),)),
        ([b"Accept-Encoding"], ((b"Accept-Encoding", b"gzip, br;q=0.5"),), ((b"Accept-Encoding", b"br, gzip;q=0.5"),)),
        ([b"Accept-Encoding"], ((b"Accept-Encoding", b""),), ()),
        ([b"X-A"], ((b"X-A", b""),), ()),
        ([b"X-A"], ((b"X-A", b"a,b"),), ((b"X-A", b"a, b"),)),
        ([b"X-A"], ((b"X-A", b"A"),), ((b"X-A", b"a"),)),
        ([b"Accept"], ((b"Accept", b'a/b;p="x, y"'),), ((b"Accept", b'a/b;p="x,y"'),)),
        ([b"X-A", b"X-B"], ((b"X-A", b"1"),), ((b"X-B", b"1"),)),
    ],
)
def test_different_variants(names: list[bytes], one: Pairs, other: Pairs) -> None:
    assert variant(names, one) != variant(names, other)


def test_variants_belong_to_their_key() -> None:
    keyer = Keyer(route())
    assert keyer.variant(b"a" * 32, [b"x"], request()) != keyer.variant(b"b" * 32, [b"x"], request())
    assert keyer.variant(b"a" * 32, [], request()) != b"a" * 32


def test_frames_tell_their_parts_again() -> None:
    assert frame([b"ab", b"c"]) != frame([b"a", b"bc"]) != frame([b"abc"])
    assert frame([b"1:a"]) != frame([b"a"])
    assert frame([]) != frame([b""])


def test_canonical_shows_everything_but_secrets() -> None:
    of = request(target=b"/rag?b=\xff&a=1", fields=((b"Authorization", b"Bearer secret"), (b"Origin", b"https://a")))
    body = b'{"b": 1.0, "a": null}'
    shown = Keyer(route()).canonical(of, body, parse(body))
    assert shown["query"] == ["a=1", "b=\\xff"]
    assert shown["body"] == {"read_as": "json", "content": '{"a":null,"b":1}'}
    assert shown["fields"][1] == ["origin", "https://a"]
    assert shown["fields"][0][1].startswith("sha256:")
    assert "secret" not in str(shown)


def test_an_underscore_may_pass_for_a_hyphen_and_so_it_counts() -> None:
    keyer = Keyer(route())
    plain, spelled = (request(b"POST", fields=f) for f in ((), ((b"X_Api_Key", b"k"),)))
    assert keyer.key(plain, b"{}", parse(b"{}")) != keyer.key(spelled, b"{}", parse(b"{}"))
