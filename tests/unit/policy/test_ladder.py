"""The ladder: its times, what stands on its rungs, how documents are asked for."""

import pytest

from gateway.model.settings.degrade import RetrievalSettings
from gateway.policy.document import parse
from gateway.policy.ladder import Ladder, RetrievalRequest, serves
from tests.support.policy import entry, route

ASKED = parse(b'{"query": "q", "kb": "a/b"}')
DOCS = [{"id": 1, "text": "one"}]
REQUEST = {"path": "/retrieve", "body": {"query": "{/query}"}}


def ladder(shape=None, **degrade):
    return Ladder(route(degrade=degrade, shape=shape or {}))


@pytest.mark.parametrize(
    ("degrade", "after", "hedge_at", "remember"),
    [
        ({}, None, None, 0),
        ({"after": "3s"}, 3, None, 0),
        ({"after": "3s", "ladder": ["docs"]}, 3, 1.5, 86_400),
        ({"after": "3s", "ladder": ["docs"], "docs": {"remember": 0}}, 3, None, 0),
        ({"after": "3s", "ladder": ["docs"], "docs": {"request": REQUEST}}, 3, 1.5, 86_400),
        ({"after": "3s", "ladder": ["docs"], "docs": {"request": REQUEST, "hedge_at": 0}}, 3, 0, 86_400),
        ({"after": "3s", "ladder": ["docs"], "docs": {"request": REQUEST, "hedge_at": "9s"}}, 3, 3, 86_400),
        ({"ladder": ["docs"], "docs": {"request": REQUEST, "hedge_at": "9s"}}, None, None, 86_400),
        ({"after": "3s", "docs": {"request": REQUEST}}, 3, None, 0),
    ],
)
def test_times(degrade, after, hedge_at, remember):
    made = ladder(**degrade)
    assert (made.after, made.hedge_at, made.remember) == (after, hedge_at, remember)


@pytest.mark.parametrize(
    ("rungs", "stale", "holds"),
    [
        (["stale"], False, False),
        (["stale"], True, True),
        (["stale", "docs"], False, True),
        (["static"], False, True),
        ([], True, False),
    ],
)
def test_an_answer_is_held_back_where_something_may_stand_in(rungs, stale, holds):
    assert ladder(ladder=rungs, static={"body": {}}).holds(stale) is holds


@pytest.mark.parametrize(
    ("rungs", "static", "expected"),
    [
        (["docs", "static"], {"body": {}}, True),
        (["static", "docs"], {"body": {}}, False),
        (["docs", "static"], None, False),
        (["docs"], {"body": {}}, False),
    ],
)
def test_documents_are_waited_for_where_nothing_else_is_certain(rungs, static, expected):
    assert ladder(ladder=rungs, static=static).certain_below_docs() is expected


def test_documents_are_put_in_the_shape_of_the_services_answer():
    made = ladder({"documents": "/response/docs", "answer": "/response/text"}, ladder=["docs"])
    shown = made.documents(ASKED, DOCS, 5.0, streams=False)
    assert shown is not None
    assert shown.body == b'{"response":{"docs":[{"id":1,"text":"one"}],"text":null}}'
    assert (b"Cache-Control", b"no-store") in shown.fields


def test_documents_as_text_and_in_events():
    answer = {
        "body": {"answer": "Found:\n{text}", "at": "{now}", "to": "{/query}"},
        "events": [{"data": {"delta": "{text}"}}, {"data": "[DONE]"}],
    }
    made = ladder(ladder=["docs"], docs={"answer": answer})
    plain = made.documents(ASKED, DOCS, 5.5, streams=None)
    assert plain is not None
    assert plain.body == b'{"answer":"Found:\\n[1]\\none","at":5,"to":"q"}'
    stream = made.documents(ASKED, DOCS, 5.5, streams=True)
    assert stream is not None
    assert stream.body == b'data: {"delta":"[1]\\none"}\n\ndata: [DONE]\n\n'


def test_a_client_that_reads_events_gets_no_plain_documents():
    assert ladder(ladder=["docs"]).documents(ASKED, DOCS, 0.0, streams=True) is None


def test_static():
    made = ladder(ladder=["static"], static={"status": 503, "body": {"sorry": "{/query}"}}).static
    shown = made(ASKED, 0.0, streams=False)
    assert shown is not None
    assert (shown.status, shown.body) == (503, b'{"sorry":"q"}')
    assert (b"Cache-Control", b"no-store") in shown.fields
    assert ladder(ladder=["static"]).static(ASKED, 0.0, streams=None) is None


@pytest.mark.parametrize(("now", "expected"), [(1700.0, True), (5199.0, True), (5201.0, False), (900.0, False)])
def test_a_stale_entry_serves_as_long_as_its_window_lasts(now, expected):
    assert serves(entry(), now) is expected


@pytest.mark.parametrize(
    ("settings", "asked", "filled"),
    [
        (REQUEST, b'{"query": "q"}', (b"/retrieve", b'{"query":"q"}')),
        (REQUEST, b'{"other": 1}', None),
        (REQUEST, b"no json", None),
        ({"path": "/kb/{/kb}?q={/query}"}, b'{"kb": "a/b", "query": "\\u00e9 &"}', (b"/kb/a%2Fb?q=%C3%A9%20%26", None)),
        ({"path": "/all", "body": {"top_k": 3}}, b"", (b"/all", b'{"top_k":3}')),
        (REQUEST, b'{"query": ' + b"[" * 254 + b"]" * 254 + b"}", None),
    ],
)  # fmt: skip
def test_how_documents_are_asked_for(settings, asked, filled):
    request = RetrievalRequest(RetrievalSettings.model_validate(settings), None)
    assert request.fill(parse(asked).value) == filled


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (b'{"messages": [{"content": "first"}, {"content": "last"}]}', b'{"q":"last"}'),
        (b'{"messages": [{"content": [{"text": "a"}, {"image": 1}, {"text": "b"}]}]}', b'{"q":"a\\nb"}'),
        (b'{"messages": [{"content": "said"}, {"content": null}]}', b'{"q":"said"}'),
        (b'{"messages": []}', None),
    ],
)  # fmt: skip
def test_the_question_of_a_chat_is_its_last_message(asked, body):
    settings = RetrievalSettings.model_validate({"path": "/find", "body": {"q": "{query}"}})
    filled = RetrievalRequest(settings, "/messages/*/content").fill(parse(asked).value)
    assert filled == (None if body is None else (b"/find", body))
