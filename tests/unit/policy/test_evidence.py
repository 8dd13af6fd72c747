"""Evidence: the ids and texts that a request states, and what is left alone because nobody knows what it means."""

import pytest

from gateway.model.settings.guards import KnownSettings, VocabularySettings
from gateway.policy.document import parse
from gateway.policy.evidence import MOST_IDS, Ids, Texts, as_id, place, segments
from tests.support.policy import request, route


@pytest.mark.parametrize(
    ("at", "body", "expected"),
    [
        ("/kb", b'{"kb": "a"}', ["a"]),
        ("/kb", b'{"kb": 42}', ["42"]),
        ("/kb", b'{"kb": "42"}', ["42"]),
        ("/kb", b'{"kb": 4.5}', ["4.5"]),
        ("/kb", b'{"kb": 4.0}', ["4"]),
        ("/kb", b'{"kb": null}', []),
        ("/kb", b'{"kb": true}', []),
        ("/kb", b'{"kb": ["a"]}', []),
        ("/kb/*", b'{"kb": ["a", "b"]}', ["a", "b"]),
        ("/kb/*", b'{"kb": ["a", null]}', []),
        ("/kb/*", b'{"kb": [%b"a"]}' % (b'"a",' * MOST_IDS), []),
        ("/kb", b"{}", []),
        ("/kb", b"kb=a", []),
        ("/kb", b"", []),
    ],
)
def test_ids_of_a_body(at, body, expected):
    assert Ids(KnownSettings(file="f", at=at), ()).of(request(), parse(body)) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (b"/kb/a/ask", ["a"]),
        (b"/kb/a%20b/ask?x", ["a b", "a%20b"]),
        (b"/kb/caf%C3%A9/ask", ["caf%C3%A9", "café"]),
        (b"/kb/%FF/ask", []),
        (b"/kb", []),
    ],
)
def test_ids_of_a_path_in_each_spelling_that_a_service_may_read(target, expected):
    ids = Ids(KnownSettings(file="f", at="{id}"), ("/kb/{id}/ask", "/kb/{id}/*"))
    assert ids.of(request(target=target), parse(b"")) == expected


@pytest.mark.parametrize(("value", "expected"), [("", ""), (-1, "-1"), (2**63, "9223372036854775808"), (None, None)])
def test_one_text_for_one_id(value, expected):
    assert as_id(value) == expected


def test_texts_are_all_strings_below_the_pointers():
    body = b'{"messages": [{"role": "user", "content": "a"}, {"content": [{"type": "text", "text": "b"}, 3]}]}'
    settings = VocabularySettings(file="f", pointers=("/messages/*/content",))
    assert Texts(settings, route()).of(parse(body)) == ["a", "text", "b"]
    assert Texts(settings, route()).of(parse(b"not json")) == []


def test_the_routes_query_is_the_text_where_no_pointer_is_stated():
    texts = Texts(VocabularySettings(file="f"), route(shape={"query": "/q"}))
    assert texts.of(parse(b'{"q": "a", "r": "b"}')) == ["a"]
    assert Texts(VocabularySettings(file="f"), route()).of(parse(b'{"q": "a"}')) == []


def test_segments_of_a_path():
    assert segments(("/kb/{a}/{b}/*", "/x/{b}")) == ("a", "b")
    assert segments(()) == ()


@pytest.mark.parametrize(
    ("paths", "where"),
    [(("/kb/{id}",), 2), (("/kb/{id}", "/kb/{id}/ask"), 2), (("/kb/{id}", "/{id}"), -1), (("/kb",), -1), ((), -1),
     (("*/{id}",), -1), (("/kb/{id}", "/kb"), -1)],
)  # fmt: skip
def test_a_segment_counts_where_it_has_one_place_in_all_paths(paths: tuple[str, ...], where: int) -> None:
    assert place("{id}", paths) == where
