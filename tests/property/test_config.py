"""Whatever the text, the loader gives settings or ConfigError: no other exception, no secret, no waiting."""

import random
import re
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config.load import loads
from gateway.model.errors import ConfigError

_DEFAULT = (Path(__file__).parents[2] / "config" / "gateway.yaml").read_text()
_LINES = [line.partition(" # ")[0] for line in _DEFAULT.splitlines() if not re.match(r" *(# |$)", line)]
_PIECES = [
    *("", " ", "\t", "\n", ": ", "- ", "<<: *a", "!!int ", "${X}", "${UNSET}", "${Y:-z}", "$${", "${", "---", "..."),
    *":[]{}'\"|>%@#*!&~\x00\ufeff\ud800\u2028\x85\N{SNOWMAN}",
    *("&a ", "*a", "!x ", "\\ud800", '"\\ud800"', '"\\U00110000"', "null", "true", "off", "-1", "0", "1.5", ".inf"),
    *("9" * 400, "9" * 400 + "s", "9" * 400 + "GiB", "10m", "10%", "1GiB", "/a", "/", "{/a}", "(", "a{99999999999}"),
    *("redis://[", "unix:", "http://[::1", "http://a:x", "preset: rag", "preset: ", "upstreams:", "routes:", "is: "),
    *("in: []", "name: ask", "key: {body: []}", "x-a: &a {a: 1}", ".nan"),
]
_KEYS = st.sampled_from(
    [
        "upstreams",
        "routes",
        "listen",
        "admin",
        "l2",
        "redis",
        "disk",
        "url",
        "urls",
        "name",
        "preset",
        "upstream",
        "match",
        "path",
        "method",
        "host",
        "headers",
        "body",
        "key",
        "ignore",
        "defaults",
        "normalize",
        "query",
        "identity",
        "cache",
        "ttl",
        "jitter",
        "empty",
        "when",
        "pointer",
        "is",
        "in",
        "exists",
        "matches",
        "tags",
        "tls",
        "ca",
        "timeouts",
        "total",
        "limits",
        "trusted",
        "forwarding",
        "log",
        "access",
        "token",
        "password",
        "sentinel",
        "cluster",
        "x-a",
        "rag",
        "/a",
        "0",
    ]
)
_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(_PIECES)
_TREES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=30
)
_SECRET = "tops3cret"


def check(text: str) -> None:
    started = time.process_time()
    try:
        loads(text, "f.yaml", {"X": _SECRET, "Y": ""})
        problems = None
    except ConfigError as exc:
        problems = exc.problems
    assert problems is None or problems
    for problem in problems or ():
        assert problem.startswith("f.yaml:")
        assert problem.isprintable()
        assert _SECRET not in problem
    assert time.process_time() - started < 5


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    check(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*_PIECES, *_LINES, "\n", "\n  ", "\n    "]), max_size=60).map("".join))
def test_any_heap_of_yaml(text: str) -> None:
    check(text)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32).map(random.Random))
def test_the_default_file_changed_anywhere(rng: random.Random) -> None:
    lines = _LINES.copy()
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(lines))
        line, piece = lines[at], rng.choice(_PIECES)
        spot = rng.randint(0, len(line))
        lines[at] = rng.choice(
            [
                line[:spot] + piece + line[spot:],
                line[:spot],
                "",
                "  " + line,
                line + "\n" + rng.choice(lines),
                *[line.partition(":")[0] + ": " + piece] * 5,
            ]
        )
    check("\n".join(lines))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(_KEYS, _TREES, max_size=8))
def test_any_shape_of_known_keys(tree: dict[str, object]) -> None:
    check(_flow(tree))


def _flow(value: object) -> str:
    """A value as YAML in flow style, with text in single quotes."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(member)}" for key, member in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "null" if value is None else repr(value).lower()
