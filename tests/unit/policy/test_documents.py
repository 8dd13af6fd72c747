"""Documents: found in answers, shown as text, laid up for bad times."""

import pytest

from gateway.model.settings.stream import ShapeSettings
from gateway.policy.documents import MOST, Documents, body_of, laid_up, read
from tests.support.policy import entry

DOC = {"id": "d1", "title": "With", "text": " The with statement. "}


@pytest.mark.parametrize(
    ("at", "value", "found"),
    [
        ("/docs", {"docs": [DOC, None, "", {}, "plain"]}, [DOC, "plain"]),
        ("/docs", {"docs": []}, []),
        ("/docs", {"docs": "none"}, []),
        ("/docs", {}, []),
        ("/docs/*", {"docs": [DOC]}, [DOC]),
        ("/groups/*/docs/*", {"groups": [{"docs": [1]}, {"docs": [2, 3]}]}, [1, 2, 3]),
        ("", [DOC], [DOC]),
        (None, [DOC], []),
        ("", None, []),
    ],
)
def test_found(at, value, found):
    assert Documents(at).find(value) == found


def test_a_flood_of_documents_is_cut():
    assert len(Documents("").find(list(range(1, 10_000)))) == MOST


@pytest.mark.parametrize(
    ("a", "b", "alike"),
    [
        ({"id": 1, "score": 0.5}, {"id": 1, "score": 0.7, "text": "new"}, True),
        ({"id": 1}, {"id": 2}, False),
        ({"id": None, "text": "a", "score": 1}, {"id": "", "text": " a ", "score": 2}, True),
        ({"metadata": {"doc_id": "d"}, "text": "a"}, {"metadata": {"doc_id": "d"}, "text": "b"}, True),
        ({"page_content": "a", "score": 1}, {"page_content": "b", "score": 1}, False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ("text", " text", True),
        (1, 1, True),
        (1, 2, False),
        (True, {"id": True}, False),
    ],
)
def test_identity(a, b, alike):
    of = Documents("").identity
    assert (of(a) == of(b)) is alike


def test_text_has_numbers_and_titles_and_leaves_out_what_has_no_text():
    text = Documents("").text([DOC, {"id": 7}, "plain", {"page_content": "p", "metadata": {"source": "s.md"}}])
    assert text == "[1] With\nThe with statement.\n\n[2]\nplain\n\n[3] s.md\np"
    assert Documents("").text([{"id": 7}]) == ""


def test_text_stands_where_the_route_says():
    assert Documents("", ["/a/b"]).text([{"text": "no", "a": {"b": "yes"}}]) == "[1]\nyes"


@pytest.mark.parametrize(
    ("shape", "body"),
    [
        ({}, {"documents": "{documents}"}),
        ({"documents": "/r/docs", "answer": "/r/text"}, {"r": {"docs": "{documents}", "text": None}}),
        ({"documents": "/a~1b"}, {"a/b": "{documents}"}),
        ({"documents": "/docs/*"}, {"documents": "{documents}"}),
        ({"documents": ""}, {"documents": "{documents}"}),
        ({"documents": "/docs", "answer": "/choices/0/text"}, {"docs": "{documents}"}),
        ({"documents": "/docs", "answer": "/docs/text"}, {"docs": "{documents}"}),
    ],
)
def test_a_body_is_made_from_the_shape(shape, body):
    assert body_of(ShapeSettings.model_validate(shape)) == body


def test_laid_up_documents_outlive_their_answer_and_go_with_it_when_it_is_purged():
    answer = entry(tags=("doc:1",), version=7)
    kept = laid_up([DOC], answer, 100.0, 3600.0)
    assert (kept.tags, kept.version, kept.route) == (("doc:1",), 7, answer.route)
    assert (kept.stored_at, kept.expires_at) == (100.0, 3700.0)
    assert read(kept) == [DOC]
