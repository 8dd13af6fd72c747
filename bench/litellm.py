"""LiteLLM: what do hits and misses of chat completions cost, beside those of LiteLLM's proxy with its cache on?

Claims: a hit costs <= 0.1 x the CPU time of LiteLLM's, a miss <= 0.5 x.

LiteLLM is installed in a venv of its own at the first run. Its cache is the one in memory (`type: local`), as its
documentation sets it up: one worker, logs of errors only, no database, no keys, nothing that reaches for the network.
Both caches are watched: the upstream counts its calls, so a hit is a hit and a miss is a miss. CPU time is taken at 32
connections; waiting at one, and at 32, where it tells how soon a server is saturated.
"""

import http.client
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from urllib.parse import urlsplit

from bench import servers
from bench.chat import MODEL, completion
from bench.client import calls
from bench.harness import (
    CONNECTIONS,
    LOAD_CORE,
    WORK,
    Case,
    Sample,
    Server,
    alternate,
    begin,
    free_port,
    need,
    parser,
    report,
    running,
    verdict,
    wrk,
)
from bench.venvs import venv

LITELLM = "litellm[proxy]==1.106.12"
THEIRS, OURS = "LiteLLM", "ragfront"
SIZE = 1400
PATH = "/v1/chat/completions"
# What stands for the question is replaced by the load generator.
BODY = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "@@@@"}], "temperature": 0})
ASKED = BODY.replace("@@@@", "How does the with statement work?")
HITS = ("hit, same bytes", "hit, new header")
MISS = "miss"
CONCURRENCY = (CONNECTIONS, 1)
CONFIG = """
model_list:
  - {{model_name: {model}, litellm_params: {{model: openai/{model}, api_base: "{upstream}/v1", api_key: none}}}}
litellm_settings: {{cache: true, cache_params: {{type: local, ttl: 3600}}, telemetry: false, num_retries: 0}}
router_settings: {{num_retries: 0}}
"""
# It fetches prices of models, news and the like where it is not told to use what it was packaged with; and it does not
# start without a key to check unless that is permitted. ragfront checks none either.
OFFLINE = {
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
    "LITELLM_DONT_SHOW_FEEDBACK_BOX": "True",
    "LITELLM_LOG": "ERROR",
    "LITELLM_MODE": "PRODUCTION",
    "DISABLE_ADMIN_UI": "True",
    "HF_HUB_OFFLINE": "1",
}


@contextmanager
def chat() -> Iterator[Server]:
    """The service behind both."""
    port = free_port()
    command = [sys.executable, "-m", "bench.chat", str(port), str(SIZE)]
    with running("chat", command, port, core=LOAD_CORE) as server:
        yield server


@contextmanager
def litellm(upstream: str) -> Iterator[Server]:
    """LiteLLM's proxy, with nothing of this user's environment: there may be keys and proxies in it."""
    programs = venv("litellm", LITELLM)
    home = (WORK / "litellm").absolute()
    home.mkdir(exist_ok=True)
    port = free_port()
    config = home / "config.yaml"
    config.write_text(CONFIG.format(model=MODEL, upstream=upstream))
    settings = OFFLINE | {"HOME": str(home), "PATH": f"{programs.absolute()}{os.pathsep}{os.environ['PATH']}"}
    command = [
        "env", "-i", *(f"{name}={value}" for name, value in settings.items()), str(programs.absolute() / "litellm"),
        "--config", str(config), "--host", "127.0.0.1", "--port", str(port), "--num_workers", "1",
    ]  # fmt: skip
    with running(THEIRS, command, port, patience=120) as server:
        yield server


@contextmanager
def tested(upstream: Server) -> Iterator[list[Server]]:
    routes = "  - {preset: openai-chat, cache: {ttl: 1h}}\n"
    with ExitStack() as stack:
        yield [
            stack.enter_context(litellm(upstream.url)),
            stack.enter_context(servers.ragfront(upstream.url, "ragfront, chat", routes=routes)),
        ]


def ask(server: Server) -> bytes:
    """The body of one answer to the question that is asked again and again."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    try:
        connection.request("POST", PATH, ASKED, {"Content-Type": "application/json"})
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"bench: {server.name} answers with {response.status}: {body[:300]!r}")
        return body
    finally:
        connection.close()


def warm(server: Server, upstream: Server) -> None:
    """Ask until the cache answers: LiteLLM stores some time after it has answered, and only 200 answers in all."""
    for _ in range(50):
        before = calls(upstream.url)
        ask(server)
        if calls(upstream.url) == before:
            return
        time.sleep(0.1)
    sys.exit(f"bench: {server.name} does not answer from its cache")


def load(server: Server, upstream: Server, kind: str, connections: int, seconds: int) -> Sample:
    """One round. Ends where hits are none, or where misses are hits."""
    again = partial(wrk, server, PATH, connections=connections, seconds=seconds)
    if kind != MISS:
        warm(server, upstream)
    before = calls(upstream.url)
    match kind:
        case "hit, same bytes":
            sample = again("same.lua", "POST", ASKED)
        case "hit, new header":
            sample = again("fresh_header.lua", "POST", ASKED)
        case _:
            sample = again("fresh_body.lua", BODY)
    asked = calls(upstream.url) - before
    if (kind == MISS and asked < sample.requests) or (kind != MISS and asked):
        sys.exit(f"bench: {server.name}, {kind}: {asked} upstream calls for {sample.requests} requests")
    return sample


def measure(rounds: int, seconds: int) -> dict[tuple[str, str, int], Case]:
    """(kind, server, connections) -> its case."""
    cases: dict[tuple[str, str, int], Case] = {}
    wanted = json.loads(completion(SIZE))["choices"][0]["message"]["content"]
    with chat() as upstream, tested(upstream) as both:
        for server in both:
            if json.loads(ask(server))["choices"][0]["message"]["content"] != wanted:
                sys.exit(f"bench: {server.name} does not give the upstream's answer")
        for connections in CONCURRENCY:
            for kind in (*HITS, MISS):
                for server, name in zip(both, (THEIRS, OURS), strict=True):
                    run = partial(load, server, upstream, kind, connections, seconds)
                    cases[kind, name, connections] = Case(f"{name}, {kind}, {connections} connections", run)
        alternate(list(cases.values()), rounds)
    return cases


def _waiting(case: Case) -> tuple[float, float]:
    """p50 and p99 in milliseconds, medians over the rounds."""
    p50 = statistics.median(sample.p50_us for sample in case.samples)
    p99 = statistics.median(sample.p99_us for sample in case.samples)
    return p50 / 1000, p99 / 1000


def main() -> None:
    args = begin(parser(__doc__))
    need("wrk", "env")
    venv("litellm", LITELLM)
    cases = measure(args.rounds, args.seconds)
    rows, figures = [], []
    for kind in (*HITS, MISS):
        for name in (THEIRS, OURS):
            case = cases[kind, name, CONNECTIONS]
            many, one = _waiting(case), _waiting(cases[kind, name, 1])
            rate = statistics.median(sample.requests / args.seconds for sample in case.samples)
            ratio = case.micros / cases[kind, THEIRS, CONNECTIONS].micros
            rows.append(
                [kind, name, f"{case.micros:,.0f}", f"{ratio:.4f}", f"{rate:,.0f}"]
                + [f"{p50:.2f} / {p99:.2f}" for p50, p99 in (one, many)]
            )
            figures.append(
                {
                    "request": kind, "server": name, "us": case.micros, "x_litellm": ratio, "requests_per_second": rate,
                    "ms_at_1": one, f"ms_at_{CONNECTIONS}": many,
                }
            )  # fmt: skip
    ratios = {(f["request"], f["server"]): f["x_litellm"] for f in figures}
    lines = [verdict(f"CPU time of a {kind}, x LiteLLM", ratios[kind, OURS], 0.1) for kind in HITS]
    lines.append(verdict("CPU time of a miss, x LiteLLM", ratios[MISS, OURS], 0.5))
    lines += [f"a {kind}: LiteLLM's CPU time is {1 / ratios[kind, OURS]:,.0f} x ragfront's" for kind in (*HITS, MISS)]
    lines.append(f"{LITELLM.replace('==', ' ')}, cache in memory; every hit and every miss checked by upstream calls")
    header = [
        "request", "server", "CPU us/request", "x LiteLLM", "requests/s", "ms at 1, p50 / p99",
        f"ms at {CONNECTIONS}, p50 / p99",
    ]  # fmt: skip
    title = (
        f"Chat completions of 1.4 KB: CPU time of the serving process per request, {CONNECTIONS} connections, one core"
    )
    report("litellm", title, header, rows, figures, lines=lines, quick=args.quick)


if __name__ == "__main__":
    main()
