"""Formats: what a line says of a question, and which lines are about something else."""

import json
from datetime import UTC, datetime

import pytest

from gateway.advise.formats import NOWHERE, Place, Reader, jsonl, nginx, ragfront, seconds_of
from gateway.model.outcome import Outcome, Reason
from gateway.observe.accesslog import line
from tests.support.exchanges import finished

NGINX = b'10.0.0.7 - - [25/Nov/2026:01:02:03 +0100] "GET /search?q=tea HTTP/1.1" 200 1400 "-" "curl/8.0 (\\"x\\")"\n'


def ours(**changes: object) -> bytes:
    """A line as the access log writes it."""
    found: dict[str, object] = {"key": b"\xab" * 32, "outcome": Outcome.MISS, "status": 200, "sent": 1234}
    x = finished(**found | {"upstream_seconds": 0.5} | changes)
    x.now += 0.25
    return line(x, 0.6, 1)


def reader(first: dict[str, object], **where: str) -> Reader:
    found = jsonl(where.get("time"), where.get("question"), first)
    assert found is not None
    return found


def test_a_line_of_the_access_log_is_a_question() -> None:
    question = ragfront(ours())
    assert question is not None
    assert question[:5] == (0xABABABABABABABAB, 1_700_000_000.25, 1234, True, 0.5)


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ({"outcome": Outcome.HIT, "upstream_seconds": 0.0}, True),
        ({"outcome": Outcome.BYPASS, "reason": Reason.SHADOW}, True),
        ({"outcome": Outcome.MISS, "reason": Reason.SET_COOKIE}, False),
        ({"outcome": Outcome.ERROR, "status": 502}, False),
        ({"outcome": Outcome.BYPASS, "reason": Reason.BYPASS_WHEN}, None),
        ({"outcome": Outcome.REJECTED, "reason": Reason.BLOOM_KNOWN}, None),
        ({"outcome": Outcome.BYPASS, "key": None}, None),
    ],
)
def test_what_is_looked_up_is_a_question_and_what_is_stored_may_hit(changes: dict[str, object], kept: bool) -> None:
    question = ragfront(ours(**changes))
    assert (None if question is None else question.kept) == kept


def test_a_line_of_nginx_is_a_question_by_its_target() -> None:
    read = nginx()
    question = read(NGINX)
    assert question is not None
    at = datetime(2026, 11, 25, 0, 2, 3, tzinfo=UTC).timestamp()
    assert question[1:] == (at, 1400, True, -1, Place("", "GET", "/search"))
    other = read(NGINX.replace(b"tea", b"cocoa"))
    assert other is not None
    assert other.key != question.key


def test_nginx_does_not_say_what_a_post_asks() -> None:
    assert nginx()(NGINX.replace(b"GET", b"POST")) is None


@pytest.mark.parametrize(
    "bad", [b"", b"\n", b"garbage\n", NGINX.replace(b"25/Nov", b"99/Nov"), NGINX.replace(b"200", b"x")]
)
def test_a_line_that_is_none_of_nginx_is_told(bad: bytes) -> None:
    with pytest.raises(ValueError):
        nginx()(bad)


def test_json_lines_are_read_by_where_the_first_has_its_time_and_question() -> None:
    read = reader({"ts": 1, "prompt": "?"})
    question = read(b'{"ts": 1700000000123, "prompt": "tea", "bytes": 7, "upstream_ms": 250}')
    assert question is not None
    assert question[1:] == (1_700_000_000.123, -1, True, 0.25, NOWHERE)
    assert read(b'{"ts": 5, "prompt": ""}') is None


def test_stated_pointers_lead_to_time_and_question() -> None:
    first = {"at": {"s": 5}, "messages": [{"content": "a"}, {"content": "b"}]}
    read = reader(first, time="/at/s", question="/messages/*/content")
    asked = read(json.dumps(first).encode())
    assert asked is not None
    assert asked.time == 5
    other = read(json.dumps(first | {"messages": [{"content": "a"}]}).encode())
    assert other is not None
    assert other.key != asked.key
    assert jsonl("/nowhere", None, first) is None


def test_a_pointer_leads_into_json_that_is_a_text() -> None:
    first = {"time": "1.5", "question": '{"query": "tea", "request_id": 1}'}
    read = reader(first, question="/question/query")
    asked = read(json.dumps(first).encode())
    again = read(json.dumps(first | {"question": '{"query": "tea", "request_id": 2}'}).encode())
    assert asked is not None
    assert again is not None
    assert (asked.key, asked.time) == (again.key, 1.5)
    assert read(b'{"time": 2, "question": "{broken"}') is None


def test_json_in_a_question_counts_without_its_spelling() -> None:
    read = reader({"time": 1, "question": "x"})
    keys = {
        question.key
        for text in ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}', {"a": 1, "b": [2]})
        if (question := read(json.dumps({"time": 1, "question": text}).encode())) is not None
    }
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(12, 12), (12.5, 12.5), ("12.5", 12.5), (1_700_000_000_000, 1_700_000_000), ("1970-01-01T00:00:09Z", 9)],
)
def test_times_are_seconds_milliseconds_or_iso_8601(value: object, seconds: float) -> None:
    assert seconds_of(value) == seconds


@pytest.mark.parametrize("value", [None, True, "yesterday", -1, 1e16, float("nan"), []])
def test_what_is_no_time_is_told(value: object) -> None:
    with pytest.raises(ValueError):
        seconds_of(value)
