"""Advise: what do ten million lines of an access log take, and how far is the forecast from an exact cache?

Claims: the memory taken does not grow with the log (at most 400 MiB); the forecast is within 2 points.
"""

import json
import os
import random
import sys
import time
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from bench.harness import WORK, begin, parser, report, verdict
from tests.support.lru import hit_ratio

MIB = 1 << 20
SPAN = 86_400.0  # seconds that the log covers
START = 1_767_225_600  # 2026-01-01
CELLS = [(60.0, None), (600.0, None), (3600.0, None), (86_400.0, None), (3600.0, 64), (86_400.0, 256), (86_400.0, 1024)]
LINE = (
    b'{"time":"%s.%06dZ","route":"ask","method":"POST","path":"/rag","status":200,"outcome":"bypass","reason":"shadow",'
    b'"would":"miss","key":"%s","tier":null,"degraded":null,"upstream":"rag","duration_ms":812.411,"upstream_ms":811.9,'
    b'"bytes":%d,"peer":"10.0.0.7","trace":null,"pid":4711}\n'
)


def asked(lines: int, different: int, skew: float) -> Iterator[tuple[int, float, int]]:
    """Key, seconds since the start, bytes; by Zipf's law, inverted where it is taken to be continuous."""
    draw, power = random.Random(1).random, 1 - skew
    most = different**power - 1
    for number in range(lines):
        rank = int((most * draw() + 1) ** (1 / power))
        digest = blake2b(b"%d" % rank, digest_size=8).digest()
        yield int.from_bytes(digest), number * SPAN / lines, 500 + digest[0] * 16


def write(path: Path, lines: int, different: int, skew: float) -> None:
    """The log, as a gateway in shadow mode writes it."""
    stamp, second = b"", -1
    with path.open("wb") as file:
        for key, at, size in asked(lines, different, skew):
            if int(at) != second:
                second = int(at)
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + second)).encode()
            file.write(LINE % (stamp, int(at % 1 * 1e6), b"%016x" % key, size))


def advise(path: Path) -> tuple[float, int, dict[str, object]]:
    """Seconds of CPU time, peak of resident bytes, and what was printed."""
    out = path.with_suffix(".json")
    with out.open("wb") as file:
        pid = os.posix_spawn(
            sys.executable,
            [sys.executable, "-m", "gateway", "advise", "--json", str(path)],
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, file.fileno(), 1)],
        )
        _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f"bench: ragfront advise ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, json.loads(out.read_bytes())


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--lines", type=int, help="of the log (10,000,000; quick: 200,000)")
    made.add_argument("--different", type=int, default=2_000_000, help="questions that there are")
    made.add_argument("--skew", type=float, default=0.95, help="Zipf's exponent, but for 1")
    args = begin(made)
    lines = args.lines or (200_000 if args.quick else 10_000_000)
    WORK.mkdir(parents=True, exist_ok=True)
    path = WORK / "advise.log"
    rows, figures, worst = [], [], 0.0
    try:
        for count in (lines // 10, lines):
            write(path, count, args.different, args.skew)
            size = path.stat().st_size
            seconds, peak, told = advise(path)
            rows.append(
                [
                    f"{count:,} lines, {size / MIB:,.0f} MiB",
                    f"{seconds:.0f} s of CPU time, {peak / MIB:.0f} MiB resident",
                ]
            )
            figures.append({"lines": count, "bytes": size, "seconds": seconds, "peak": peak})
    finally:
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
    forecast = told["forecast"]
    assert isinstance(forecast, dict)
    rows.append(["questions followed", f"{forecast['followed']:,} of about {forecast['distinct']:,}"])
    for ttl, size in CELLS:
        entry = 600
        exact = hit_ratio(
            ((key, at, body + entry) for key, at, body in asked(lines, args.different, args.skew)),
            ttl,
            float("inf") if size is None else size * MIB,
        )
        column = -1 if size is None else forecast["sizes"].index(size * MIB)
        hits = forecast["hits"][forecast["ttls"].index(ttl)][column]
        worst = max(worst, abs(hits - exact))
        name = f"hits, ttl {ttl:.0f} s, {'no bound' if size is None else f'{size} MiB'}: forecast, exact"
        rows.append([name, f"{hits:.2%}, {exact:.2%}"])
        figures.append({"ttl": ttl, "mib": size, "forecast": hits, "exact": exact})
    notes = [
        verdict("resident MiB at most", peak / MIB, 400),
        verdict("points between forecast and exact cache", worst * 100, 2),
        f"{args.different:,} questions, Zipf {args.skew}, over {SPAN / 3600:.0f} hours",
    ]
    report(
        "advise",
        f"Advise: {lines:,} lines of an access log",
        ["what", "is"],
        rows,
        figures,
        lines=notes,
        quick=args.quick,
    )


if __name__ == "__main__":
    main()
