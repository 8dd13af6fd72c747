"""Endpoints: every page is read, once; a server that does not play along is told of in a line."""

import pytest

from gateway.guard.endpoint import Endpoint, _next_link
from gateway.guard.filterfile import FilterError
from gateway.policy.pointer import compile_pointer
from tests.support.paged_service import POINTS, paged_service
from tests.support.ports import free_port

NAMES = [point["payload"]["kb"] for point in POINTS]


def values(url: str, format: str, *pointers: str, **more) -> list:
    endpoint = Endpoint(url, format, [compile_pointer(text) for text in pointers], **more)
    pages = list(endpoint.records())
    assert all(size > 0 for _, size in pages)
    return [value for found, _ in pages for value in found]


def test_qdrant_is_scrolled():
    with paged_service() as (url, asked):
        assert values(f"{url}/collections/kb", "qdrant", "/id") == list(range(2500))
        assert [body.get("offset") for _, body, _ in asked] == [None, 1000, 2000]
        assert not asked[0][1]["with_payload"]
        headers = {"api-key": "s3cret"}
        assert values(f"{url}/collections/kb/", "qdrant", "/payload/kb", page=2000, headers=headers) == NAMES
        assert {name.lower(): value for name, value in asked[-1][2].items()}["api-key"] == "s3cret"


def test_chroma_is_read_by_offset_also_where_it_gives_fewer_than_asked():
    with paged_service() as (url, asked):
        assert values(f"{url}/collections/uuid", "chroma", "/id") == NAMES
        assert [body["offset"] for _, body, _ in asked] == [0, 900, 1800, 2500]
        assert asked[0][1]["include"] == []
        assert values(f"{url}/collections/uuid", "chroma", "/document")[:2] == ["text0", "text1"]
        assert values(f"{url}/collections/uuid", "chroma", "/metadata/kb") == NAMES


def test_pages_of_json_by_link_by_member_and_by_cursor():
    with paged_service() as (url, asked):
        assert values(f"{url}/link", "json", "/*/id") == NAMES
        assert values(f"{url}/next", "json", "/items/*/id", next=compile_pointer("/next")) == NAMES
        cursor = {"next": compile_pointer("/meta/cursor"), "cursor": "after"}
        assert values(f"{url}/cursor?q=1&after=0", "json", "/items/*/id", **cursor) == NAMES
        assert asked[-1][0] == "/cursor?q=1&after=2000"


@pytest.mark.parametrize(
    ("path", "format", "reason"),
    [
        ("/away", "json", "the next page is on another server"),
        ("/again", "json", "gives the same page without end"),
        ("/redirect", "json", "answers 302"),
        ("/none", "json", "answers 500"),
        ("/page", "json", "does not answer with JSON"),
        ("/collections/none", "qdrant", "answers 404"),
    ],
)
def test_a_server_that_does_not_play_along(path, format, reason):
    with paged_service() as (url, _), pytest.raises(FilterError, match=reason):
        values(url + path, format, "/*/id")


def test_the_wrong_format_and_a_cursor_that_is_none():
    with paged_service() as (url, _):
        with pytest.raises(FilterError, match="no text; state the parameter of a cursor"):
            values(f"{url}/cursor", "json", "/x", next=compile_pointer("/meta/cursor"))


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/x", "http://bad host/"])
def test_a_server_that_is_not_there(url):
    with pytest.raises(FilterError, match="http://"):
        values(url.format(port=free_port()), "json", "/x")


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("", None),
        ('<a>; rel="next"', "a"),
        ("<a>; rel=next", "a"),
        ('<a>; rel="prev", <b,c>; title="x"; rel="last next"', "b,c"),
        ('<a>; rel="nextish"', None),
        ('<a>; title="next"', None),
    ],
)
def test_the_next_of_a_link_field(link, target):
    assert _next_link(link) == target
