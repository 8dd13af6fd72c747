"""Filters of a route: what cannot work, and what is rarely meant."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
import pytest

from tests.support.config_text import loaded, problems


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_filter(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f").write_bytes(b"")


def one(route: str) -> str:
    return f"routes:\n- {{name: r, {route}}}"


WHEN = "empty: {when: {pointer: /docs, is: []}}"
ANSWER = "empty: {when: {pointer: /docs, is: []}, answer: {body: {docs: []}}}"


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("bloom: {known: {file: none, at: /a}}", "bloom.known.file: no such file (from "),
        ("bloom: {known: {file: /none, at: /a}}", "bloom.known.file: no such file; `ragfront bloom build` makes one"),
        ("bloom: {known: {at: /a}}", "bloom.known.file: missing; expected made by `ragfront bloom build --known`"),
        ("bloom: {known: {file: f}}", "bloom.known.at: missing; expected where the id stands"),
        ("bloom: {known: {file: f, at: a}}", "bloom.known.at: expected a JSON Pointer such as /kb_id, or a segment of match.path"),
        ("bloom: {known: {file: f, at: /a, mode: on}}", "bloom.known.mode: expected enforce, observe or off"),
        ("bloom: {known: {file: f, at: '{kb}'}}", "bloom.known.at: match.path has no segment {kb}"),
        ("match: {path: '/{a}/{b}'}, bloom: {known: {file: f, at: '{kb}'}}", "bloom.known.at: match.path has no segment {kb}; expected one of {a}, {b}"),
        ("match: {method: GET}, bloom: {known: {file: f, at: /a}}", "bloom.known.at: requests of these methods have no body"),
        (f"{WHEN}, match: {{method: GET}}, bloom: {{vocabulary: {{file: f, pointers: /a}}}}", "bloom.vocabulary: requests of these methods have no body"),
        (f"{WHEN}, bloom: {{vocabulary: {{file: f}}}}", "bloom.vocabulary: where does the query stand? Expected pointers such as [/query]"),
        ("bloom: {seen_empty: {mode: observe}}", "bloom.seen_empty: never filled: empty.when says of no answer"),
        (f"{WHEN}, bloom: {{seen_empty: {{capacity: 10}}}}", "bloom.seen_empty.capacity: expected at least 1000"),
        (f"{WHEN}, bloom: {{seen_empty: {{generations: 1}}}}", "bloom.seen_empty.generations: expected at least 2"),
        (f"{WHEN}, bloom: {{seen_empty: {{rotate: 8d}}}}", "bloom.seen_empty.rotate: expected at most 7d"),
        ("bloom: {sample: 101%}", "bloom.sample: expected at most 100%"),
        ("bloom: {sample: 10s}", "bloom.sample: expected a percentage such as 0.1%"),
        ("empty: {answer: {status: 99}}", "empty.answer.status: expected at least 200"),
        ("empty: {answer: {content_type: json}}", "empty.answer.content_type: expected a media type"),
        ('empty: {answer: {content_type: "text/plain; a=\\r\\n"}}', "empty.answer.content_type: expected a media type"),
        ("empty: {answer: {content_type: text/plain, body: {a: 1}}}", "empty.answer.body: expected text, as it is text/plain"),
        ("empty: {answer: {content_type: text/html, body: '<p>{/query}'}}", "empty.answer.body: what a client says must not be put into a page"),
        ("empty: {answer: {status: 204, body: x}}", "empty.answer.body: 204 has none"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(route: str, problem: str) -> None:
    found = problems(one(route))
    assert len(found) == 1
    assert found[0].startswith(f"2: routes[0].{problem}")


@pytest.mark.parametrize(
    ("route", "warning"),
    [
        ("cache: {mode: off}, bloom: {known: {file: f, at: /a}}", "bloom: no effect: cache.mode is off"),
        (f"{ANSWER}, bloom: {{known: {{file: f, at: /a}}}}", "empty.answer: no effect: no filter in bloom is in mode"),
        ("bloom: {vocabulary: {file: f, pointers: [/q]}}", "bloom.vocabulary: empty.when says of no answer that it is"),
        (f"{WHEN}, bloom: {{seen_empty: {{mode: enforce}}}}", "bloom.seen_empty: clients get 404 where the service"),
        (
            f"{WHEN}, bloom: {{seen_empty: {{rotate: 10s}}}}",
            "bloom.seen_empty.rotate: no effect: it may forget after 30s",
        ),
    ],
)
def test_what_is_rarely_meant_is_a_warning(route: str, warning: str) -> None:
    found = loaded(one(route)).warnings
    assert len(found) == 1
    assert found[0].startswith(f"f.yaml:2: routes[0].{warning}")


@pytest.mark.parametrize(
    "route",
    [
        "bloom: {known: {file: f, at: /a}}",
        "bloom: {sample: 0, known: {file: f, at: /a, mode: enforce}}",
        "match: {method: GET, path: '/kb/{kb}'}, bloom: {known: {file: f, at: '{kb}', mode: enforce}}",
        f"{ANSWER}, bloom: {{sample: 1%, vocabulary: {{file: f, pointers: [/q, /r], mode: enforce}}}}",
        f"{ANSWER}, shape: {{query: /q}}, bloom: {{vocabulary: {{file: f, mode: enforce}}, seen_empty: {{mode: enforce}}}}",
        "bloom: {vocabulary: {file: f, pointers: [/q], mode: off}}",
    ],
)
def test_what_works_is_not_told(route: str) -> None:
    assert loaded(one(route)).warnings == ()
