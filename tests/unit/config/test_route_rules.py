"""Combinations inside one route: what cannot work, and what is rarely meant."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
import pytest

from tests.support.config_text import loaded, problems


def one(route: str) -> str:
    return f"routes:\n- {{name: r, {route}}}"


@pytest.mark.parametrize(
    ("route", "problem"),
    [
        ("match: {method: post}", "match.method[0]: methods are case-sensitive; did you mean POST?"),
        ("match: {method: 'GET, POST'}", "match.method[0]: expected a method such as POST, or a list such as [GET, POST]"),
        ("match: {host: 'A.org:80'}", "match.host[0]: expected a host in lower case and without a port, or *.example.org; did you mean a.org?"),
        ("match: {host: 'a.*.org'}", "match.host[0]: expected a host in lower case"),
        ("match: {path: rag}", "match.path: expected a path that starts with /"),
        ("match: {path: '/a?b'}", "match.path: expected a path without blanks, query or fragment"),
        ("match: {path: '/a*'}", "match.path: a * stands for the rest of the path"),
        ("match: {path: '/*/a'}", "match.path: a * stands for the rest of the path"),
        ("match: {path: '/a-{b}'}", "match.path: braces hold the name of one whole segment"),
        ("match: {path: '/{a}/{a}'}", "match.path: each name in braces can stand once"),
        ("match: {path: '*a'}", "match.path: expected a path that starts with /, or with */ for any prefix"),
        ("match: {path: '*/a/*'}", "match.path: a * stands for the rest of the path"),
        ("match: {path: '*/'}", "match.path: takes all paths that end with /; leave it out"),
        ("match: {path: []}", "match.path: an empty list: it takes no request; leave it out for any path"),
        ("match: {path: [/a, b]}", "match.path[1]: expected a path that starts with /"),
        ("match: {path: [/a, 1]}", "match.path[1]: expected text"),
        ("match: {path: {/a: }}", "match.path: expected text"),
        ("match: {body: {pointer: /a, exists: false, is: 1}}", "match.body[0]: contradiction"),
        ("bypass_when: {pointer: /a, in: []}", "bypass_when[0].in: an empty list: it never holds"),
        ("key: {ignore: ['']}", "key.ignore: the empty pointer ignores the whole body"),
        ("key: {body: [/a/b], ignore: [/a]}", "key.body[0]: contradiction: key.ignore takes /a out of the key"),
        ("key: {body: [/a/0/b], ignore: ['/a/*/b']}", "key.body[0]: contradiction"),
        ("key: {body: [/a], ignore: [/b]}", "key.ignore[0]: no effect: only the members in key.body"),
        ("key: {ignore: [/a], normalize: {/a: nfkc}}", 'key.normalize["/a"]: no effect: key.ignore takes /a'),
        ("key: {body: [/a], normalize: {/b: nfkc}}", 'key.normalize["/b"]: no effect: it is not among'),
        ("key: {query: none, query_ignore: [a]}", "key.query_ignore: no effect: key.query is none"),
        ("key: {query: [a, b], query_ignore: [a]}", "key.query_ignore: contradiction: a is in key.query, too"),
        ("cache: {jitter: 11m}", "cache.jitter: larger than ttl (10m)"),
        ("cache: {statuses: [200, 206]}", "cache.statuses[1]: 206 is a part of an answer: never stored"),
        ("batch: {parts: /data}", "batch.parts: no effect: batch.items does not say where"),
        ("batch: {items: /in, list: ''}", "batch.list: expected the pointer of a member such as /inputs"),
        ("batch: {items: /in}, key: {ignore: [/in]}", "batch.items: contradiction: key.ignore takes /in out"),
        ("batch: {items: /in}, key: {body: [/a]}", "batch.items: contradiction: not in key.body"),
        ("batch: {items: '/in/*'}", "batch.items: expected the pointer of one member, such as /input"),
        ("batch: {items: /in, path: 'a?b'}", "batch.path: expected a path such as /batch"),
        ("tags: ['a b']", "tags[0]: expected text without blanks"),
        ("tags: ['doc:{id}']", "tags[0]: expected text without blanks"),
        ("tags: ['doc:{/id']", "tags[0]: expected text without blanks"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(route: str, problem: str) -> None:
    found = problems(one(route))
    assert len(found) == 1
    assert found[0].startswith(f"2: routes[0].{problem}")


@pytest.mark.parametrize(
    ("route", "warning"),
    [
        ("empty: {when: {pointer: /a, is: []}, ttl: 10s}", "empty.ttl: 10s is unusual; 60s to 120s"),
        ("empty: {when: {pointer: /a, is: []}, ttl: 1h}", "empty.ttl: 1h is unusual"),
        ("match: {path: [/a, /b, /a]}", "match.path[2]: stated twice"),
        ("empty: {ttl: 60s}", "empty.ttl: no effect: empty.when says of no answer that it is empty"),
        ("cache: {ttl: 30s, l1_ttl: 1m}", "cache.l1_ttl: longer than ttl (30s), which ends it"),
        ("cache: {ttl: 0, stale_while_revalidate: 0}", "cache.ttl: 0 means that no answer is ever fresh"),
        ("key: {body: []}", "key.body: no member of the body is part of the key"),
        ("key: {headers: [X-Request-Id]}", "key.headers[0]: x-request-id differs in each request"),
        (
            "key: {identity: shared}, match: {headers: {authorization: 'Bearer .*'}}",
            "key.identity: answers for callers",
        ),
        ("key: {identity: shared, headers: [cookie]}", "key.identity: not shared: cookie is in key.headers"),
        ("key: {identity: shared}, cache: {cache_control: ignore}", "key.identity: together with cache_control"),
    ],
)
def test_what_is_rarely_meant_is_a_warning(route: str, warning: str) -> None:
    found = loaded(one(route)).warnings
    assert len(found) == 1
    assert found[0].startswith(f"f.yaml:2: routes[0].{warning}")


@pytest.mark.parametrize(
    "route",
    [
        "match: {path: '/kb/{kb_id}/*', method: PURGE, host: ['*.a.org', '[::1]', localhost]}",
        "key: {body: [/a], ignore: [/a/b], normalize: {/a/c: nfkc}}",
        "key: {body: []}, match: {method: GET}",
        "key: {identity: shared}",
        "cache: {ttl: 30s}",
        "cache: {ttl: 10m, jitter: 10m}",
        "cache: {ttl: 0}",
        "cache: {jitter: 100%}",
        "empty: {when: {pointer: /a, is: }, ttl: 2m}",
        "tags: [plain, 'a:{/b/*/c}-{/d}']",
        "match: {body: {pointer: /a, exists: true, is_not: 3}}",
    ],
)
def test_what_works_is_not_told(route: str) -> None:
    assert loaded(one(route)).warnings == ()


def test_a_presets_parts_are_not_held_against_who_overrides_them() -> None:
    assert loaded("routes: [{preset: rag, key: {body: [/question]}}]").warnings == ()
    assert loaded("routes: [{preset: openai-chat, key: {body: [/messages]}}]").warnings == ()


def test_ignoring_what_a_preset_normalizes_is_an_error() -> None:
    found = problems("routes:\n- preset: rag\n  key:\n    ignore: [/query]")
    assert found == ['3: routes[0].key.normalize["/query"]: no effect: key.ignore takes /query out of the key']
