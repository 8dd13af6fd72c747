"""Stated answers: the same rules wherever one stands."""

import pytest

from gateway.config.stated_rules import check_stated
from gateway.model.settings.stated import StatedAnswer


@pytest.mark.parametrize(
    ("answer", "words", "found"),
    [
        ({"body": {"a": "{/query}"}}, (), []),
        ({"body": {"a": "{other}"}}, (), []),
        ({"body": {"a": ["{docs}", "{text}"]}}, ("docs",), ["body"]),
        ({"events": [{"data": "x {text}"}, {"data": {"a": "{docs}"}}]}, ("docs",), ["events.0.data"]),
        ({"content_type": "json"}, (), ["content_type"]),
        ({"content_type": "text/plain", "body": {}}, (), ["body"]),
        ({"content_type": "text/html", "body": "{/query}"}, (), ["body"]),
        ({"status": 204, "body": {}}, (), ["body"]),
    ],
)
def test_findings(answer, words, found):
    findings = list(check_stated(StatedAnswer.model_validate(answer), (), words))
    assert [".".join(map(str, finding.path)) for finding in findings] == found
