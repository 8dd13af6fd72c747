"""Sampled: what an operator has at hand, as the API takes it."""

import pytest

from gateway.operate.failed import Failed
from gateway.operate.sampled import sampled


@pytest.mark.parametrize(
    ("text", "sample"),
    [
        ('{"path": "/x"}', {"path": "/x"}),
        (' {"query": "a"}\n', {"path": "/rag", "body": {"query": "a"}}),
        (
            "curl http://gw:8080/rag -H 'X-A: 1' -H 'X-A: 2' -d '{}' -H 'Content-Type: application/json'",
            {
                "method": "POST", "path": "/rag", "host": "gw:8080", "text": "{}",
                "headers": {"X-A": ["1", "2"], "Content-Type": "application/json"},
            },
        ),
        ("curl h -H 'Host: other'", {"method": "GET", "path": "/", "headers": {"Host": "other"}}),
    ],
)  # fmt: skip
def test_read(text, sample) -> None:
    assert sampled(text) == sample


@pytest.mark.parametrize("text", ["", "{", "wget h", "[1]"])
def test_refused(text) -> None:
    with pytest.raises(Failed):
        sampled(text)
