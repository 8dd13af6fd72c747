"""One plain sentence for each mistake, at its line, with the way out."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
import pytest

from tests.support.config_text import loaded, problems

ROUTE = "routes:\n- name: a\n  "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ROUTE + "cache:\n    tll: 1m", "4: routes[0].cache.tll: unknown key; did you mean ttl?"),
        (ROUTE + "ttl: 1m", "3: routes[0].ttl: unknown key; did you mean cache.ttl?"),
        (ROUTE + "prest: rag", "3: routes[0].prest: unknown key; did you mean preset?"),
        ("admin: {zzz: 1}", "1: admin.zzz: unknown key; expected one of listen, token"),
        ("admin: {'token:s3cret': }", '1: admin["token:..."]: unknown key; put a space after the colon'),
        ("zzz: 1", "1: zzz: unknown key; expected one of listen, workers"),
        (ROUTE + "bypass_when: {pointer: /a, is_: 1}", "3: routes[0].bypass_when[0].is_: unknown key; did you mean is?"),
        ("routes:\n- upstream: rag", "2: routes[0].name: missing; expected in metrics, logs"),
        ("routes: []\nupstreams:", "2: upstreams: missing; expected the services that answer"),
        ("upstreams: {}", "1: upstreams: expected at least one; the services that answer"),
        ("upstreams:\n  rag:\n    host: pass", "2: upstreams.rag.urls: missing; expected base URLs of its replicas"),
        ("upstreams: {rag: []}", "1: upstreams.rag.urls: expected at least one; base URLs"),
        ("upstreams: {rag: rag:8000}", "1: upstreams.rag.urls[0]: expected a URL such as http://rag:8000"),
        ("upstreams: {rag: 7}", "1: upstreams.rag: expected a URL, a list of URLs, or a mapping, got 7"),
        ("upstreams: {'a b': http://a}", '1: upstreams["a b"]: expected a name: letters, digits'),
        (ROUTE + "cache: {ttl: 10 minutes}", '3: routes[0].cache.ttl: expected a duration such as 250ms, 90s, 10m or 1h30m, got "10 minutes"'),
        (ROUTE + "cache: {ttl: 90}", "3: routes[0].cache.ttl: expected a duration such as 250ms, 90s, 10m or 1h30m, got 90"),
        (ROUTE + "cache: {ttl: 1.5}", '3: routes[0].cache.ttl: expected a duration such as 250ms, 90s, 10m or 1h30m, got "1.5"'),
        (ROUTE + "cache: {ttl: 800d}", '3: routes[0].cache.ttl: expected at most 365d, got "800d"'),
        (ROUTE + "cache: {jitter: 200%}", "3: routes[0].cache.jitter: expected at most 100%"),
        (ROUTE + "cache: {mode: of}", '3: routes[0].cache.mode: expected off, shadow or on, got "of"; did you mean off?'),
        (ROUTE + "cache: {max_body: 1GiB}", '3: routes[0].cache.max_body: expected at most 256MiB, got "1GiB"'),
        (ROUTE + "cache: {statuses: [200, x]}", '3: routes[0].cache.statuses[1]: expected a whole number, got "x"'),
        (ROUTE + "cache: {statuses: 99}", "3: routes[0].cache.statuses[0]: expected at least 200, got 99"),
        (ROUTE + "lease: {enabled: maybe}", '3: routes[0].lease.enabled: expected true or false, got "maybe"'),
        (ROUTE + "key: {body: query}", '3: routes[0].key.body: expected all or a list, got "query"; put it in [ ]'),
        (ROUTE + "key: {body: [query]}", '3: routes[0].key.body[0]: expected a JSON Pointer such as /query'),
        (ROUTE + "key: {identity: credental}", '3: routes[0].key.identity: expected credentials, shared or a list, got "credental"; did you mean credentials?'),
        (ROUTE + "key: {query: 3}", "3: routes[0].key.query: expected all, none or a list, got 3"),
        (ROUTE + "key: {headers: 'a b'}", "3: routes[0].key.headers[0]: expected a header field's name such as X-Tenant"),
        (ROUTE + "key: {normalize: {/q: nfkd}}", '3: routes[0].key.normalize["/q"][0]: expected nfkc, casefold'),
        (ROUTE + "match: {headers: {a: '('}}", "3: routes[0].match.headers.a: expected a regular expression (missing )"),
        (ROUTE + "match: {headers: {a: 'x{99999999999}'}}", "3: routes[0].match.headers.a: expected a regular expression (too large)"),
        (ROUTE + f"match: {{headers: {{a: '{'(' * 5000 + ')' * 5000}'}}}}", "3: routes[0].match.headers.a: expected a regular expression (too large)"),
        (ROUTE + "match: {headers: {a: 3}}", "3: routes[0].match.headers.a: expected a regular expression, got 3"),
        (ROUTE + "empty: {when: x}", "3: routes[0].empty.when: expected a list, got \"x\""),
        (ROUTE + "empty: {when: [x]}", "3: routes[0].empty.when[0]: expected a condition such as {pointer: /error, exists: true}"),
        ("routes: {rag: {preset: rag}}", "1: routes: expected a list, got a mapping"),
        ("routes: [rag]", "1: routes[0]: expected a mapping"),
        ("limits: 3", "1: limits: expected a mapping, got 3"),
        ("listen: 8080", "1: listen: expected text in quotes (host:port, [ipv6]:port or unix:/path), got 8080"),
        ("listen: [a]", "1: listen: expected text, got a list"),
        ("workers: -1", "1: workers: expected at least 0, got -1"),
        ("workers: true", '1: workers: expected a whole number, got "true"'),
        ("limits: {idle: 0}", "1: limits.idle: expected more than 0s, got 0"),
        ("limits: {header_bytes: 10}", "1: limits.header_bytes: expected at least 1KiB, got 10"),
        ("l2: disc", "1: l2: expected off, a Redis URL such as redis://redis:6379/0, or a mapping with disk or redis"),
        (ROUTE + "key: {body: [" + "/a, " * 300 + "]}", "3: routes[0].key.body: expected at most 256"),
        (ROUTE + "cache: {mode: [on]}", "3: routes[0].cache.mode: expected off, shadow or on, got a list"),
        ("routes: [" + "{preset: rag}," * 1001 + "]", "1: routes: expected at most 1000"),
    ],
)  # fmt: skip
def test_one_sentence_for_one_mistake(text: str, problem: str) -> None:
    found = problems(text)
    assert len(found) == 1, found
    assert found[0].startswith(problem)


@pytest.mark.parametrize(
    "text",
    [
        "admin: {token: [s3cret]}",
        "admin: {tokn: s3cret}",
        "admin: s3cret",
        "l2: s3cret",
        "l2: {redis: s3cret}",
        "l2: {redis: {url: s3cret}}",
        "l2: {redis: {url: redis://r, password: {a: s3cret}}}",
        "l2: {redis: {url: redis://r, pasword: s3cret}}",
        "upstreams: {rag: 'http://user:s3cret@rag'}",
        "upstreams: {rag: {urls: {a: s3cret}}}",
        "listen: http://user:s3cret@host",
        "workers: ${SECRET}",
        "drain: ${SECRET}",
        "log: {level: '${SECRET}'}",
        "l2: ${SECRET}",
        "routes: ${SECRET}",
        "routes: [{name: '${SECRET} x'}]",
        "drain: ${UNSET:-s3cret}",
        "listen: ${SECRET}",
        "admin: {listen: '${SECRET}'}",
        "routes: [{name: a, match: {method: '${SECRET}', host: '${SECRET}:1', headers: {a: '(?P=${SECRET})'}}}]",
        "upstreams: ${SECRET}",
        "upstreams: {rag: '${SECRET}'}",
        "forwarding: {trusted: '${SECRET}'}",
        "log: {access: '/${SECRET}/x'}",
        "routes: [{name: a, match: {path: '${SECRET}'}}]",
    ],
)
def test_no_sentence_tells_a_secret(text: str) -> None:
    assert "s3cret" not in str(problems(text, {"SECRET": "s3cret"}))


def test_what_an_environment_variable_spelled_is_shown_by_its_name() -> None:
    assert problems("drain: ${D}", {"D": "x"})[0].endswith('1h30m, got "${D}"')


def test_words_from_the_environment_become_numbers_and_booleans() -> None:
    settings = loaded("workers: ${W}\nserver_timing: ${S}\ndrain: ${D:-0}", {"W": "3", "S": "false"}).settings
    assert (settings.workers, settings.server_timing, settings.drain) == (3, False, 0.0)
