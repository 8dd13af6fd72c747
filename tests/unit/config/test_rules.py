"""Rules over upstreams, listeners, tiers and the order of routes."""

# ruff: noqa: E501  a table's row is one mistake and what is said of it
from pathlib import Path

import pytest

from tests.support.config_text import loaded, problems

OK = "routes: [{preset: rag}]\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("listen: '8080'", "1: listen: expected host:port, [ipv6]:port or unix:/path; did you mean 127.0.0.1:8080?"),
        ("admin: {listen: '9'}", "1: admin.listen: expected host:port, [ipv6]:port or unix:/path; did you mean 127.0.0.1:9?; `off` for none"),
        ("listen: 127.0.0.1:9090", "1: listen: listen (127.0.0.1:9090) and admin.listen (127.0.0.1:9090) are in each other"),
        ("admin:\n  listen: 0.0.0.0:9090", "2: admin.listen: beyond loopback it needs a token"),
        ("admin:\n  listen: 0.0.0.0:9090\n  token: ''", "2: admin.listen: beyond loopback it needs a token"),
        ("admin: {token: 'a b'}", "1: admin.token: expected visible ASCII"),
        ("upstreams: {rag: http://localhost:8080}", "1: upstreams.rag.urls[0]: the gateway's own address"),
        ("upstreams: {rag: http://rag:99999}", "1: upstreams.rag.urls[0]: expected a host, and a port"),
        ("upstreams: {rag: 'http://:80'}", "1: upstreams.rag.urls[0]: expected a host, and a port"),
        ("default_upstream: rog", "1: default_upstream: no upstream of this name; did you mean rag?"),
        ("default_upstream: zzz", "1: default_upstream: no upstream of this name; expected one of rag"),
        ("upstreams:\n  rag: {urls: 'https://a', tls: {ca: nowhere.pem}}", "2: upstreams.rag.tls.ca: no such file (from "),
        ("upstreams:\n  rag: {urls: 'https://a', tls: {key: pyproject.toml}}", "2: upstreams.rag.tls.key: needs cert, too"),
        ("upstreams:\n  rag: {urls: 'http://a', tls: {ca: pyproject.toml}}", "2: upstreams.rag.tls: no effect: no URL is https://"),
        ("upstreams:\n  rag: {urls: 'https://a', tls: {ca: pyproject.toml, verify: false}}", "2: upstreams.rag.tls.ca: no effect: verify is false"),
        ("l2: {disk: {path: pyproject.toml}}", "1: l2.disk.path: expected a folder; this is a file"),
        ("l2: {disk: x, redis: redis://r}", "1: l2: disk and redis are both stated; expected one"),
        ("l2: {redis: {url: http://r}}", "1: l2.redis.url: expected redis://host:6379/0"),
        ("l2: {redis: 'redis://:6379'}", "1: l2.redis.url: expected redis://host:6379/0"),
        ("l2: {redis: 'redis://r:x'}", "1: l2.redis.url: expected redis://host:6379/0"),
        ("l2: {redis: 'redis://[r'}", "1: l2.redis.url: expected redis://host:6379/0"),
        ("l2: {redis: {url: redis://r, cluster: true, sentinel: m}}", "1: l2.redis.sentinel: a cluster has no Sentinels"),
        ("l2: {redis: {url: redis://r, sentinels: ['a:1']}}", "1: l2.redis.sentinels: needs sentinel"),
        ("l2: {redis: {url: redis://r, sentinel: m, sentinels: ['a']}}", "1: l2.redis.sentinels[0]: expected host:port"),
        ("l2: {redis: {url: redis://r/3, cluster: true}}", "1: l2.redis.url: a cluster has no databases but 0"),
        ("l2: {redis: {url: unix:///r, cluster: true}}", "1: l2.redis.cluster: cannot be reached over a Unix socket"),
        ("l2: {redis: {url: 'redis://u:p@r', password: q}}", "1: l2.redis.password: the URL holds a password, too"),
        ("l2: {redis: {url: 'redis://u:p@r', username: v}}", "1: l2.redis.username: the URL holds a user, too"),
        ("l2: {redis: {url: redis://r, tls: {ca: pyproject.toml}}}", "1: l2.redis.tls: no effect: the URL is not rediss://"),
        ("forwarding: {trusted: [10.0.0.1/8]}", "1: forwarding.trusted[0]: the address is inside a network; did you mean 10.0.0.0/8?"),
        ("forwarding: {trusted: [proxy]}", "1: forwarding.trusted[0]: expected an address, a network"),
        ("log: {access: /no/where/x.log}", "1: log.access: its folder does not exist"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_an_error(text: str, problem: str) -> None:
    found = problems(f"{text}\n{OK}")
    assert [p for p in found if p.startswith(problem)], found
    assert len(found) == 1


@pytest.mark.parametrize(
    "text",
    [
        "listen: 0.0.0.0:8080",
        "listen: unix:/tmp/x.sock",
        "admin: {listen: off}",
        "admin: {listen: 0.0.0.0:9090, token: s3cret}",
        "listen: 127.0.0.1:0\nadmin: {listen: 127.0.0.1:0}",
        "upstreams: {rag: ['http://a:8000/base', 'https://[::1]:8443']}",
        "l2: off",
        "l2: {redis: {url: rediss://r:6380/2, username: u, password: p}}",
        "l2: {redis: {url: redis://s1:26379, sentinel: m, sentinels: ['s2:26379']}}",
        "forwarding: {trusted: [10.0.0.0/8, '::1', 127.0.0.1, unix]}",
        "log: {access: '-'}",
        "log: {access: access.log}",
    ],
)
def test_what_works_is_not_told(text: str) -> None:
    assert loaded(f"{text}\n{OK}").warnings == ()


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("routes: []", "f.yaml:1: routes: none: everything is streamed through and nothing is cached"),
        (f"upstreams:\n  rag: [http://a, http://a/]\n{OK}", "f.yaml:2: upstreams.rag.urls[1]: stated twice"),
        (f"forwarding: {{trusted: 0.0.0.0/0}}\n{OK}", "f.yaml:1: forwarding.trusted[0]: everybody is trusted"),
        (
            f"upstreams:\n  rag:\n    urls: http://a\n    timeouts: {{total: 10s, idle: 20s}}\n{OK}",
            "f.yaml:4: upstreams.rag.timeouts.idle: never reached: total is 10s",
        ),
    ],
)
def test_what_is_rarely_meant_is_a_warning(text: str, warning: str) -> None:
    found = loaded(text).warnings
    assert len(found) == 1
    assert found[0].startswith(warning)


def test_routes_name_an_upstream_that_there_is() -> None:
    found = problems(
        "upstreams: {a: http://a, b: http://b}\nroutes:\n- {preset: rag, upstream: c}\n- {preset: openai-chat}"
    )
    assert found == [
        "3: routes[0].upstream: no upstream of this name; expected one of a, b",
        "4: routes[1].upstream: missing; expected one of `upstreams`; may be left out where there is only one",
    ]


def test_a_route_that_is_never_reached_is_told_with_the_one_before_it() -> None:
    found = problems("routes:\n- {name: all, match: {method: POST}}\n- {name: b, match: {path: /b}}\n- {preset: rag}")
    assert found == ["4: routes[2].match: never reached: routes[0] (all) takes all its requests; put this one first"]


def test_two_routes_cannot_have_one_name() -> None:
    found = problems("routes:\n- {name: a, match: {path: /a}}\n- {name: a, match: {path: /b}}")
    assert [p.split(":")[:2] for p in found] == [["3", " routes[1].name"]]


def test_tls_files_that_are_there_pass(tmp_path: Path) -> None:
    for name in ("ca", "cert", "key"):
        (tmp_path / name).touch()
    tls = ", ".join(f"{name}: {tmp_path / name}" for name in ("ca", "cert", "key"))
    text = f"upstreams:\n  rag: {{urls: 'https://rag', tls: {{{tls}}}}}\n{OK}"
    assert loaded(text).settings.upstreams["rag"].tls.ca == str(tmp_path / "ca")


@pytest.mark.parametrize(
    "url", ["redis://u:s3cret@r:x", "http://u:s3cret@r", "redis://s3cret:6379:x", "rediss//s3cret"]
)
def test_a_redis_url_is_never_told(url: str) -> None:
    assert "s3cret" not in str(problems(f"l2: {{redis: '{url}'}}\n{OK}"))
    assert "s3cret" not in str(problems(f"l2: '{url.replace('redis://', 'reds://')}'\n{OK}"))
