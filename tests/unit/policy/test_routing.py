from typing import Any

import pytest

from gateway.policy.document import parse
from gateway.policy.routing import Router, host_of
from tests.support.policy import request, route

NOTHING = parse(b"")


def taken(match: dict[str, Any], **stated: Any) -> bool:
    return Router([route(match=match)]).match(request(**stated), NOTHING) is not None


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("/rag", b"/rag", True),
        ("/rag", b"/rag/", False),
        ("/rag", b"/Rag", False),
        ("/rag", b"/%72ag", False),
        ("/a%2Fb", b"/a%2Fb", True),
        ("/a%2Fb", b"/a%2fb", False),
        ("/v1/*", b"/v1/", True),
        ("/v1/*", b"/v1/a/b", True),
        ("/v1/*", b"/v1", False),
        ("/v1/*", b"/v10/a", False),
        ("/*", b"/anything", True),
        ("/kb/{id}/ask", b"/kb/7/ask", True),
        ("/kb/{id}/ask", b"/kb/a%2Fb/ask", True),
        ("/kb/{id}/ask", b"/kb//ask", False),
        ("/kb/{id}/ask", b"/kb/a/b/ask", False),
        ("/kb/{id}/ask", b"/kb/7/ask/", False),
        ("/kb/{id}/*", b"/kb/7/x/y", True),
        ("/kb/{id}/*", b"/kb/7", False),
        ("/k.b/{id}", b"/kxb/7", False),
        ("/{a}/{b}", b"/\xff\n/;", True),
        ("*/invoke", b"/invoke", True),
        ("*/invoke", b"/rag/invoke", True),
        ("*/invoke", b"/a/b/invoke", True),
        ("*/invoke", b"/rag/xinvoke", False),
        ("*/invoke", b"/rag/invoke/", False),
        ("*/invoke", b"invoke", False),
        ("*/c/{hash}/invoke", b"/rag/c/N4Ig/invoke", True),
        ("*/c/{hash}/invoke", b"/c/N4Ig/invoke", True),
        ("*/c/{hash}/invoke", b"/rag/c//invoke", False),
        (["/a", "/b"], b"/b", True),
        (["/a", "/b"], b"/c", False),
        (["/a", "/b/*", "*/c", "/d/{x}"], b"/a", True),
        (["/a", "/b/*", "*/c", "/d/{x}"], b"/b/1", True),
        (["/a", "/b/*", "*/c", "/d/{x}"], b"/x/c", True),
        (["/a", "/b/*", "*/c", "/d/{x}"], b"/d/1", True),
        (["/a", "/b/*", "*/c", "/d/{x}"], b"/d/1/2", False),
        (None, b"*", True),
    ],
)
def test_path(pattern: str | list[str] | None, path: bytes, matches: bool) -> None:
    assert taken({"path": pattern}, target=path) is matches


@pytest.mark.parametrize(
    ("hosts", "authority", "matches"),
    [
        (["rag.example"], b"RAG.example:8080", True),
        (["rag.example"], b"rag.example", True),
        (["rag.example"], b"ragxexample", False),
        (["rag.example"], b"", False),
        (["*.example.org"], b"a.example.org", True),
        (["*.example.org"], b"a.b.example.org:1", True),
        (["*.example.org"], b"example.org", False),
        (["*.example.org"], b".example.org", False),
        (["*.example.org"], b"aexample.org", False),
        (["a", "b"], b"b", True),
        (["[::1]"], b"[::1]:8080", True),
    ],
)
def test_host(hosts: list[str], authority: bytes, matches: bool) -> None:
    assert taken({"host": hosts}, authority=authority) is matches


@pytest.mark.parametrize(
    ("authority", "host"),
    [(b"A:80", b"a"), (b"a:", b"a"), (b"[::1]", b"[::1]"), (b"[::1]:80", b"[::1]"), (b"", b""), (b"a", b"a")],
)
def test_host_of(authority: bytes, host: bytes) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("value", "matches"), [(b"v2", True), (b"v22", False), (b"xv2", False), (b"", False), (b"\xff", False)]
)
def test_header_patterns_match_the_whole_value(value: bytes, matches: bool) -> None:
    assert taken({"headers": {"X-Version": "v[0-9]"}}, fields=((b"x-version", value),)) is matches


def test_header_that_is_absent_does_not_match() -> None:
    assert not taken({"headers": {"x-version": ".*"}})


def test_method_is_case_sensitive() -> None:
    assert taken({"method": ["POST", "QUERY"]}, method=b"QUERY")
    assert not taken({"method": ["POST"]}, method=b"post")


def test_first_match_wins_whatever_kind_of_path_it_has() -> None:
    routes = [
        route(name="patched", match={"path": "/kb/{id}", "method": ["PUT"]}),
        route(name="exact", match={"path": "/kb/1"}),
        route(name="segment", match={"path": "/kb/{id}"}),
        route(name="exact-later", match={"path": "/kb/2"}),
        route(name="rest"),
    ]
    router = Router(routes)

    def name(method: bytes, path: bytes) -> str:
        found = router.match(request(method, path), NOTHING)
        assert found is not None
        return found.name

    assert name(b"PUT", b"/kb/1") == "patched"
    assert name(b"GET", b"/kb/1") == "exact"
    assert name(b"GET", b"/kb/2") == "segment"
    assert name(b"GET", b"/kb/3") == "segment"
    assert name(b"GET", b"/other") == "rest"


def test_a_route_with_several_paths_keeps_its_place_under_each() -> None:
    routes = [
        route(name="suffix", match={"path": "*/ask", "method": ["PUT"]}),
        route(name="many", match={"path": ["/a", "/b/ask", "/c/*"]}),
        route(name="later", match={"path": ["/a", "/b/ask", "/d"]}),
        route(name="ask", match={"path": "*/ask"}),
    ]
    router = Router(routes)

    def name(path: bytes, method: bytes = b"POST") -> str | None:
        found = router.match(request(method, path), NOTHING)
        return found and found.name

    assert [name(path) for path in (b"/a", b"/b/ask", b"/c/1", b"/d", b"/x/ask", b"/x")] == [
        "many", "many", "many", "later", "ask", None,
    ]  # fmt: skip
    assert name(b"/b/ask", b"PUT") == "suffix"


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"stream":true,"model":"m"}', "streams"),
        (b'{"stream":true}', "plain"),
        (b'{"stream":1,"model":"m"}', "plain"),
        (b"not json", "plain"),
        (b"", "plain"),
        (None, "plain"),
    ],
)
def test_body_conditions_must_all_hold(body: bytes | None, name: str) -> None:
    conditions = [{"pointer": "/stream", "is": True}, {"pointer": "/model", "exists": True}]
    router = Router([route(name="streams", match={"body": conditions}), route(name="plain")])
    found = router.match(request(), None if body is None else parse(body))
    assert found is not None
    assert found.name == name


def test_absence_in_a_body_that_is_not_json_proves_nothing() -> None:
    router = Router([route(match={"body": [{"pointer": "/stream", "exists": False}]})])
    assert router.match(request(), parse(b"not json")) is None
    assert router.match(request(), parse(b"{}")) is not None


BODY = [{"pointer": "/q", "exists": True}]


@pytest.mark.parametrize(
    ("routes", "needed"),
    [
        ([], 0),
        ([{"match": {"path": "/other"}}], 0),
        ([{"key": {"max_body": 10}}], 10),
        ([{"key": {"max_body": 10}}, {"key": {"max_body": 99}}], 10),
        ([{"match": {"body": BODY}, "key": {"max_body": 10}}, {"key": {"max_body": 99}}], 99),
        ([{"match": {"body": BODY}, "key": {"max_body": 100}}, {"key": {"max_body": 99}}], 100),
        ([{"match": {"path": "/other"}, "key": {"max_body": 100}}, {"key": {"max_body": 9}}], 9),
        ([{"cache": {"mode": "off"}}], 0),
        ([{"cache": {"mode": "off"}, "match": {"body": BODY}, "key": {"max_body": 7}}], 7),
        ([{"cache": {"mode": "off"}}, {"key": {"max_body": 9}}], 0),
        ([{"cache": {"mode": "shadow"}, "key": {"max_body": 9}}], 9),
    ],
)
def test_body_needed(routes: list[dict[str, Any]], needed: int) -> None:
    router = Router([route(**{"name": f"r{i}", **settings}) for i, settings in enumerate(routes)])
    assert router.needs_body(request()) == needed


def test_mode_off_still_matches() -> None:
    off = route(cache={"mode": "off"})
    assert Router([off, route(name="later")]).match(request(), NOTHING) is off


@pytest.mark.parametrize(
    ("match", "path", "kept"),
    [
        ({"path": "/docs/*", "method": ["GET"]}, b"/docs/1", True),
        ({"path": "/docs/*", "headers": {"accept": "text/html"}}, b"/docs/1", True),
        ({"path": "/docs/*"}, b"/rag", False),
        ({"host": ["other.example"]}, b"/docs/1", False),
    ],
)
def test_where_answers_by_http_may_be_kept_goes_by_the_uri_alone(match: dict[str, Any], path: bytes, kept: bool):
    router = Router([route(name="a", match={"path": "/rag"}), route(name="b", match=match, cache={"rules": "http"})])
    assert router.may_keep(path, b"rag.example:8080") is kept
