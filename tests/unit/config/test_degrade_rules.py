"""The degrade ladder of a route: what cannot work, and what is rarely meant."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
import pytest

from tests.support.config_text import loaded, problems


def one(route: str) -> str:
    return f"routes:\n- {{name: r, {route}}}"


REQUEST = "request: {path: /retrieve, body: {query: '{/query}'}}"
SHAPE = "shape: {query: /query, documents: /docs}"


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("degrade: {ladder: [stale, docks]}", "degrade.ladder[1]: expected stale, docs or static"),
        ("degrade: {ladder: [static]}", "degrade.ladder: static is not stated; expected degrade.static beside it"),
        ("degrade: {ladder: [docs]}", "degrade.ladder: there can be none; expected degrade.docs.request, or shape.documents"),
        ("shape: {documents: /docs}, degrade: {ladder: [docs], docs: {remember: 0}}", "degrade.ladder: there can be none"),
        ("degrade: {docs: {request: {}}}", "degrade.docs.request.path: missing"),
        ("degrade: {ladder: [docs], docs: {answer: {body: {}}, request: {path: retrieve}}}", "degrade.docs.request.path: expected a path such as /health or /retrieve"),
        (f"{SHAPE}, degrade: {{ladder: [docs], docs: {{request: {{path: /r, upstream: none}}}}}}", "degrade.docs.request.upstream: no such upstream; expected one of rag"),
        (f"{SHAPE}, degrade: {{ladder: [docs], docs: {{request: {{path: /r, method: GET, body: {{}}}}}}}}", "degrade.docs.request.body: GET has none"),
        (f"{SHAPE}, key: {{ignore: [/user]}}, degrade: {{ladder: [docs], docs: {{request: {{path: '/r/{{/user}}'}}}}}}", "degrade.docs.request.path: {/user} is not part of the key: those who ask alike would get each other's documents"),
        (f"{SHAPE}, key: {{body: [/query]}}, degrade: {{ladder: [docs], docs: {{request: {{path: /r, body: {{of: '{{/user}}'}}}}}}}}", "degrade.docs.request.body: {/user} is not part of the key"),
        ("shape: {documents: /docs}, degrade: {ladder: [docs], docs: {request: {path: '/r/{query}'}}}", "degrade.docs.request.path: where does the query stand? Expected shape.query"),
        ("degrade: {ladder: [static], static: {content_type: json}}", "degrade.static.content_type: expected a media type"),
        ("degrade: {ladder: [static], static: {status: 99}}", "degrade.static.status: expected at least 200"),
        ("degrade: {after: 11m}", "degrade.after: expected at most 10m"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(route: str, problem: str) -> None:
    found = problems(one(route))
    assert len(found) == 1, found
    assert found[0].startswith(f"2: routes[0].{problem}")


@pytest.mark.parametrize(
    ("route", "warning"),
    [
        ("degrade: {static: {body: {}}}", "degrade.static: no effect: static is not in degrade.ladder"),
        (f"{SHAPE}, degrade: {{docs: {{{REQUEST}}}}}", "degrade.docs.request: no effect: docs is not in degrade.ladder"),
        ("degrade: {ladder: [stale, stale]}", "degrade.ladder[1]: stated twice"),
        ("degrade: {ladder: [], after: 3s}", "degrade.after: no effect: degrade.ladder is empty"),
        (f"{SHAPE}, cache: {{mode: shadow}}, degrade: {{ladder: [docs], docs: {{{REQUEST}}}}}", "degrade.ladder: no effect: cache.mode is shadow"),
        ("degrade: {after: 10m}", "degrade.after: no effect: the upstream's timeouts.total (10m) ends the call before"),
        (f"degrade: {{ladder: [docs], docs: {{{REQUEST}}}}}", 'degrade.ladder: clients get {"documents": [...]}; for the form of the service: degrade.docs.answer, or shape.documents'),
        (f"{SHAPE}, degrade: {{after: 3s, ladder: [docs], docs: {{hedge_at: 3s, {REQUEST}}}}}", "degrade.docs.hedge_at: documents are not there in time; expected less than after (3s)"),
        ("degrade: {ladder: [docs], docs: {answer: {body: {a: ['{docs}']}}, request: {path: /r}}}", "degrade.docs.answer.body: {docs} stands for nothing and stays as it is; expected {documents}, {text}, {now} or a pointer"),
    ],
)  # fmt: skip
def test_what_is_rarely_meant_is_a_warning(route: str, warning: str) -> None:
    found = [text for text in loaded(one(route)).warnings if "routes[0]" in text]
    assert len(found) == 1, found
    assert found[0].startswith(f"f.yaml:2: routes[0].{warning}")


def test_a_good_ladder_is_quiet() -> None:
    docs = "docs: {request: {path: /retrieve, body: {query: '{query}'}, documents: /docs}, hedge_at: 1s}"
    route = f"{SHAPE}, degrade: {{after: 3s, ladder: [stale, docs, static], {docs}, static: {{status: 503}}}}"
    assert not [text for text in loaded(one(route)).warnings if "degrade" in text]
