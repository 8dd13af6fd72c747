"""Rejections: the route's empty answer, or a problem that says why."""

import json

import pytest

from gateway.model.entry import EntryFlag
from gateway.model.outcome import Reason
from gateway.policy.document import parse
from gateway.policy.rejection import Rejection
from tests.support.policy import route


def test_the_routes_own_answer():
    made = Rejection(route(empty={"answer": {"body": {"query": "{/query}", "docs": []}}}))
    entry = made.entry(parse(b'{"query": "q"}'), 5.0, Reason.BLOOM_KNOWN, streams=None)
    assert (entry.status, entry.body, entry.flags) == (200, b'{"query":"q","docs":[]}', EntryFlag.EMPTY)


@pytest.mark.parametrize(("answer", "streams"), [(None, None), (None, True), ({"body": {}}, True)])
def test_a_problem_where_none_is_stated_in_the_form_asked_for(answer, streams):
    entry = Rejection(route(empty={"answer": answer})).entry(parse(b"{}"), 5.0, Reason.BLOOM_KNOWN, streams=streams)
    assert (entry.status, entry.fields) == (404, ((b"Content-Type", b"application/problem+json"),))
    assert json.loads(entry.body) == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "there is no answer to this question",
        "reason": "bloom-known",
    }
