"""Avalanches: what does an upstream see when 10,000 answers that were stored at about one moment come to their end?

Claims: with jitter of 50 % the busiest second has at most 0.6 of the calls that it has without; with
stale-while-revalidate nobody waits; with early revalidation alone, at most a third as many of those wait who ask for
what is hot. They are stored by lists that are cached item by item, and live 20 s. Then 800 requests a second go to all
of them alike, and 400 to the 40 hottest, whatever the gateway does; on a busy machine, --keys 2000 --rate 300.
"""

import asyncio
import itertools
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import uvloop

from bench import servers
from bench.client import calls, each, post
from bench.harness import Server, begin, console, parser, report, verdict

KEYS, HOT, TTL, DELAY = 10_000, 40, 20, 0.5
RATE, SLOT = 1200, 0.5  # requests a second, a third of them hot ones; seconds of a column in what is drawn
LIST = 1000  # keys that are stored by one call
WATCHED = 12.0  # seconds after the end of those that have no jitter
PATIENT = "pool: {connections: 20000}, timeouts: {connect: 20s}"  # what is too much is to be seen, and to be no error
BATCH = f"{{items: /inputs, window: 0, max_items: {LIST}}}"
ROUTE = f"  - {{name: ask, match: {{method: POST, path: /embed}}, batch: {BATCH}, cache: {{%s}}}}\n"
_HIT = b"Cache-Status: ragfront; hit"
BARS = " ▁▂▃▄▅▆▇█"
JITTER, STALE, EARLY = "jitter: 50%", "stale_while_revalidate: 20s", "early_revalidation: 100%"
OFF = {"jitter": "jitter: 0", "stale": "stale_while_revalidate: 0", "early": "early_revalidation: 0%"}
SETTINGS = {
    "nothing": (),
    "jitter 50 %": (JITTER,),
    "early": (EARLY,),
    "stale": (STALE,),
    "jitter 50 %, stale": (JITTER, STALE),
    "all three": (JITTER, STALE, EARLY),
}


@dataclass
class Watch:
    """What was seen. stored: seconds that storing took. calls: upstream, by slot. waits: seconds of each answer."""

    stored: float = 0.0
    calls: list[int] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    waited: list[bool] = field(default_factory=list)  # of each answer: did it come from the upstream?
    hot: list[bool] = field(default_factory=list)  # those of `waited` that were about what is hot
    bad: int = 0

    @property
    def busiest(self) -> int:
        """Calls in the busiest second."""
        width = round(1 / SLOT)
        return max(sum(self.calls[at : at + width]) for at in range(max(1, len(self.calls) - width + 1)))

    def drawn(self, most: int) -> str:
        """The calls as a line of bars."""
        return "".join(BARS[-(-count * (len(BARS) - 1) // max(most, 1))] for count in self.calls)


def share(waited: list[bool]) -> float:
    """Of so many requests, how many had to wait for the upstream."""
    return sum(waited) / max(len(waited), 1)


class _Line(asyncio.Protocol):
    """One connection of a client that keeps its pace: one request at a time; more of them where none is free."""

    def __init__(self, crowd: "Crowd") -> None:
        self._crowd = crowd
        self._held = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport

    def ask(self, request: bytes, hot: bool) -> None:
        self._hot = hot
        self._began = time.monotonic()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        data = self._held + data if self._held else data
        head = data.find(b"\r\n\r\n")
        at = data.find(b"Content-Length: ", 0, max(head, 0))
        if head < 0 or at < 0 or len(data) < head + 4 + int(data[at + 16 : data.index(b"\r", at)]):
            self._held = data
            return
        self._held = b""
        waited = data.find(_HIT, 0, head) < 0
        self._crowd.watch.waits.append(time.monotonic() - self._began)
        self._crowd.watch.waited.append(waited)
        if self._hot:
            self._crowd.watch.hot.append(waited)
        self._crowd.watch.bad += data[9:12] != b"200"
        self._crowd.free.append(self)


class Crowd:
    """Clients who ask `rate` times a second, whether they are answered or not."""

    def __init__(self, url: str, watch: Watch) -> None:
        self._address = urlsplit(url)
        self.watch = watch
        self.free: list[_Line] = []

    async def ask(self, requests: list[bytes], rate: float, until: float) -> None:
        """until: the loop's time."""
        loop, dice = asyncio.get_running_loop(), random.Random(1)
        lines, sent, began = [], 0, loop.time()
        while (now := loop.time()) < until:
            for _ in range(int((now - began) * rate) - sent):
                sent += 1
                if not self.free:
                    _, line = await loop.create_connection(
                        lambda: _Line(self), self._address.hostname, self._address.port
                    )
                    lines.append(line)
                    self.free.append(line)
                hot = not sent % 3
                self.free.pop().ask(dice.choice(requests[:HOT] if hot else requests), hot)
            await asyncio.sleep(0.002)
        await asyncio.sleep(2 * DELAY)
        for line in lines:
            line._transport.close()


async def count(upstream: str, until: float) -> list[int]:
    """Calls of the upstream in each slot, until the loop's time `until`."""
    loop = asyncio.get_running_loop()
    seen, due = [await asyncio.to_thread(calls, upstream)], loop.time()
    while (due := due + SLOT) < until:
        await asyncio.sleep(due - loop.time())
        seen.append(await asyncio.to_thread(calls, upstream))
    return [later - sooner for sooner, later in itertools.pairwise(seen)]


def _request(items: bytes, url: str) -> bytes:
    """The bytes of a request about an item or a list of them, as JSON."""
    return post(b'{"inputs": %b}' % items, url).replace(b"/rag", b"/embed", 1)


async def watch(server: Server, upstream: Server, keys: int, rate: float) -> Watch:
    """Store all keys, and watch their end."""
    seen, loop = Watch(), asyncio.get_running_loop()
    items = [b'"question %06d"' % number for number in range(keys)]
    lists = [b"[%b]" % b", ".join(items[at : at + LIST]) for at in range(0, keys, LIST)]
    began = loop.time()
    if wrong := await each(server.url, [_request(one, server.url) for one in lists], connections=4):
        sys.exit(f"bench: {wrong} of {len(lists)} answers were errors")
    seen.stored = loop.time() - began
    start = began + TTL * 0.45
    await asyncio.sleep(max(0.0, start - loop.time()))
    end = start + TTL * 0.55 + WATCHED
    requests = [_request(item, server.url) for item in items]
    _, seen.calls = await asyncio.gather(Crowd(server.url, seen).ask(requests, rate, end), count(upstream.url, end))
    return seen


def cache(stated: Iterable[str]) -> str:
    """The settings of a cache with these, and none of the others."""
    stated = tuple(stated)
    others = [off for name, off in OFF.items() if not any(one.startswith(off.split(":")[0]) for one in stated)]
    return ", ".join([f"ttl: {TTL}s", "stale_if_error: 0", *stated, *others])


def run(stated: Iterable[str], keys: int, rate: float) -> Watch:
    """One setting, with a service and a gateway of its own."""
    with (
        servers.service(delay=DELAY) as upstream,
        servers.ragfront(upstream.url, routes=ROUTE % cache(stated), upstream_settings=PATIENT) as server,
    ):
        return uvloop.run(watch(server, upstream, keys, rate))


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--rate", type=int, default=RATE, help=f"requests a second ({RATE})")
    made.add_argument("--keys", type=int, default=KEYS, help=f"how many are stored ({KEYS})")
    args = begin(made)
    keys, rate = (1000, 200) if args.quick else (args.keys, args.rate)
    seen: dict[str, Watch] = {}
    for name, stated in SETTINGS.items():
        with console.status(name):
            seen[name] = run(stated, keys, rate)
    most = max(max(one.calls) for one in seen.values())
    plain = seen["nothing"]
    rows = []
    for name, one in seen.items():
        p99 = statistics.quantiles(one.waits, n=100)[98]
        shares = f"{one.busiest / plain.busiest:.2f}"
        rows.append([name, f"{one.busiest:,}", shares, f"{sum(one.calls):,}", f"{share(one.waited):.2%}",
                     f"{share(one.hot):.2%}", f"{p99 * 1000:.0f}", str(one.bad), one.drawn(most)])  # fmt: skip
    stored = statistics.median(one.stored for one in seen.values())
    lines = [
        verdict("busiest second, jitter 50 %, x nothing", seen["jitter 50 %"].busiest / plain.busiest, 0.6),
        verdict("requests that waited, stale, in %", share(seen["stale"].waited) * 100, 0.1),
        verdict(
            "hot ones that waited, early, x nothing", share(seen["early"].hot) / max(share(plain.hot), 1e-9), 1 / 3
        ),
        f"{keys:,} keys stored in {stored:.1f} s (median), {rate:,} requests/s over them, an answer takes {DELAY:g} s",
        f"a bar is {SLOT:g} s, and full at {most / SLOT:,.0f} calls/s; all begin {TTL * 0.45:g} s after storing began",
    ]
    header = [
        "setting",
        "busiest second, calls",
        "x nothing",
        "calls",
        "waited",
        "hot: waited",
        "p99 ms",
        "bad",
        "calls over time",
    ]
    figures = {
        name: {
            "stored_s": one.stored, "calls": one.calls, "busiest": one.busiest, "waited": share(one.waited),
            "hot_waited": share(one.hot), "bad": one.bad,
            "requests": len(one.waits), "spread": Counter(round(wait, 1) for wait in one.waits),
        }
        for name, one in seen.items()
    }  # fmt: skip
    title = f"Avalanches: upstream calls when {keys:,} answers of {TTL} s end that were stored at about one moment"
    report("avalanche", title, header, rows, figures, lines=lines, quick=args.quick)
    for name, one in seen.items():  # a table on a narrow terminal cuts them off
        console.print(f"{name:>20} {one.drawn(most)}", highlight=False)


if __name__ == "__main__":
    main()
