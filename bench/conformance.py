"""Conformance: what does the public suite of tests for HTTP caches say of ragfront, nginx and Varnish?

Claims: no required test fails where an RFC is on its side (those where none is: NO_RULE in bench/differing.py); more of
the optimal ones pass than at nginx and at Varnish.

The suite (cache-tests.fyi; http-cache-tests on npm, installed at the first run) has an origin server and a client of
its own. Each cache runs between the two, alone. nginx and Varnish are set up as the suite does it (`proxy_cache` with
`proxy_cache_revalidate`; the built-in VCL), but Varnish without lifetimes of its own making, as the suite advises, and
with time to validate: so it passes more. ragfront runs with `cache: http` and nothing else, in memory and with its disk
tier, and once more with Surrogate-Control among its `targets`. `--show` tells what each of them does not pass.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import servers
from bench.differing import NO_RULE, OTHERWISE, reason
from bench.harness import HERE, LOAD_CORE, Server, begin, console, free_port, parser, report, running, verdict
from bench.node import package

SUITE, VERSION = "http-cache-tests", "0.4.5"
ENDS = str(HERE / "conformance.mjs")
OURS, DISK, NGINX, VARNISH = "ragfront", "ragfront, disk", "nginx", "Varnish"
TARGETED = "ragfront, Surrogate-Control"
KINDS = ("required", "optimal", "check")
PATIENCE = 300  # seconds; a run takes some twenty, most of which it waits for answers to become stale
ROUTE = '  - {{name: tests, match: {{path: "/test/*"}}, cache: {cache}}}\n'

NGINX_CONF = """
worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/nginx-error.log warn; user {user};
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u;
  scgi_temp_path {work}/s;
  proxy_cache_path {work}/cache levels=1:2 keys_zone=tests:8m max_size=1000m inactive=600m;
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://{upstream}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_cache tests; proxy_cache_revalidate on;
    }}
  }}
}}
"""
VCL = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{port}"; }}
"""
# Nothing is fresh, or served stale, but what says so; what can be validated is kept for that.
BY_THE_ANSWER = ("-p", "default_ttl=0", "-p", "default_grace=0", "-p", "default_keep=3600")


@dataclass(frozen=True)
class Test:
    """One test and what came of it. needs: tests without which it means nothing. result: True, or what was wrong."""

    id: str
    group: str
    name: str
    kind: str
    needs: tuple[str, ...]
    result: object

    @property
    def told(self) -> str:
        """What was wrong."""
        return str(self.result[1]) if isinstance(self.result, list) else ""


def settled(test: Test, tests: Mapping[str, Test]) -> str:
    """`pass`, `fail`, or `unsettled`: what it needs did not pass, or its setting-up did not come about."""
    if any(need not in tests or settled(tests[need], tests) != "pass" for need in test.needs):
        return "unsettled"
    if isinstance(test.result, list) and test.result[0] == "Setup":
        return "unsettled"
    return "pass" if test.result is True else "fail"


@contextmanager
def origin(home: Path) -> Iterator[Server]:
    """The suite's origin server."""
    port = free_port()
    with running("tests' origin", ["node", ENDS, str(home), "origin", str(port)], port, core=LOAD_CORE) as server:
        yield server


def ask(home: Path, cache: Server) -> dict[str, Test]:
    """All tests against one cache, by their ids."""
    command = ["node", "--no-warnings", ENDS, str(home), "ask", cache.url]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode:
        sys.exit(f"bench: the tests broke off in front of {cache.name}: {done.stderr.strip()[-300:]}")
    return {each["id"]: Test(**each | {"needs": tuple(each["needs"])}) for each in json.loads(done.stdout)}


def caches(upstream: str) -> dict[str, Callable[[], AbstractContextManager[Server]]]:
    """Name -> what starts it."""
    plain, targeted = ROUTE.format(cache="http"), ROUTE.format(cache="{rules: http, targets: [surrogate-control]}")
    return {
        OURS: partial(servers.ragfront, upstream, "conformance", routes=plain),
        DISK: partial(servers.ragfront, upstream, "conformance-disk", routes=plain, l2=servers.disk("conformance")),
        TARGETED: partial(servers.ragfront, upstream, "conformance-targeted", routes=targeted),
        NGINX: partial(servers.nginx, upstream, NGINX_CONF),
        VARNISH: partial(servers.varnish, upstream, VCL, BY_THE_ANSWER),
    }


def measure() -> dict[str, dict[str, Test]]:
    """Cache -> its tests, by their ids."""
    home = package(SUITE, VERSION).absolute()
    found = {}
    with origin(home) as upstream:
        for name, start in caches(upstream.url).items():
            with start() as cache, console.status(f"{name} is asked"):
                found[name] = ask(home, cache)
    return found


def not_passed(tests: Mapping[str, Test], *kinds: str) -> list[Test]:
    return [test for test in tests.values() if test.kind in kinds and settled(test, tests) != "pass"]


def failed(tests: Mapping[str, Test]) -> list[str]:
    """Required tests that fail although an RFC is on their side."""
    fails = [test.id for test in tests.values() if test.kind == "required" and settled(test, tests) == "fail"]
    return [test for test in fails if reason(test, NO_RULE) is None]


def passed(tests: Mapping[str, Test], kind: str) -> int:
    return sum(test.kind == kind and settled(test, tests) == "pass" for test in tests.values())


def explained(tests: Mapping[str, Test]) -> Iterator[str]:
    """What is not passed of required and optimal tests, by the reasons for it."""
    by_reason: dict[str, list[str]] = {}
    for test in not_passed(tests, "required", "optimal"):
        why = reason(test.id, NO_RULE | OTHERWISE) or f"NO REASON IS KNOWN: {test.told}"
        by_reason.setdefault(why, []).append(test.id)
    for why, ids in by_reason.items():
        yield f"{', '.join(ids)}: {why}"


def row(name: str, tests: Mapping[str, Test]) -> list[str]:
    """Passed, failed and unsettled ones of each kind."""
    counts = Counter((test.kind, settled(test, tests)) for test in tests.values())
    sums = [" / ".join(str(counts[kind, how]) for how in ("pass", "fail", "unsettled")) for kind in KINDS]
    return [name, *sums, str(len(failed(tests)))]


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--show", action="store_true", help="tell what each cache does not pass")
    args = begin(made)
    found = measure()
    if args.show:
        for name, tests in found.items():
            for test in not_passed(tests, *KINDS):
                print(f"{name}: {test.kind}, {settled(test, tests)}: {test.id}: {test.name}: {test.told}")
    ours = [found[name] for name in (OURS, DISK, TARGETED)]
    best = max(passed(found[name], "optimal") for name in (NGINX, VARNISH))
    lines = [
        verdict("required tests that fail, with an RFC on their side", max(len(failed(tests)) for tests in ours), 0),
        verdict(
            "optimal tests passed by the better of nginx and Varnish, x ours",
            best / min(passed(tests, "optimal") for tests in ours),
            0.99,
        ),
        "unsettled: a test that it needs did not pass, or an answer of its preparation was not stored or not passed on",
        "check: tests without a right and a wrong; how caches behave",
    ]
    lines += [f"not passed by ragfront: {line}" for line in explained(found[OURS])]
    header = ["cache", "required: pass / fail / unsettled", "optimal: the same", "check: yes / no / unsettled",
              "required, fail, an RFC on their side"]  # fmt: skip
    figures = {
        name: {test.id: [test.kind, settled(test, tests), test.told] for test in tests.values()}
        for name, tests in found.items()
    }
    title = f"{len(found[OURS])} tests of {SUITE} {VERSION} (cache-tests.fyi)"
    rows = [row(name, tests) for name, tests in found.items()]
    report("conformance", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
