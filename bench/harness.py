"""Harness: servers side by side, one at a time under load, and what each request cost them in CPU time.

A server is pinned to one core and the load generator to another. What counts is the CPU time (user + system) of all
processes of the server, read before and after: wall time is noise on shared machines. Rounds alternate between the
servers, the median of each is taken, and results are ratios of one run. All traffic goes to 127.0.0.1.
"""

import argparse
import json
import os
import platform
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway import __version__

K = TypeVar("K")

HERE = Path(__file__).parent
WORK = HERE / ".work"
RESULTS = HERE / "results"
# The two cores, apart: on a machine with many, benchmarks can run side by side, each with two of its own.
_CORES = os.environ.get("BENCH_CORES", f"0,{max(1, (os.cpu_count() or 2) - 1)}").split(",")
SERVER_CORE, LOAD_CORE = int(_CORES[0]), int(_CORES[1])
ROUNDS, SECONDS, CONNECTIONS = 3, 4, 32
_TICK = os.sysconf("SC_CLK_TCK")
# Where Debian installs nginx and varnishd, and what an ordinary user's PATH leaves out.
os.environ["PATH"] += f"{os.pathsep}/usr/sbin"
console = Console(width=None if sys.stdout.isatty() else 132)


def parser(doc: str) -> argparse.ArgumentParser:
    """What every benchmark can be told: `--quick`, `--rounds`, `--seconds`. doc: its own, for --help."""
    made = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--quick", action="store_true", help="one short round: shows that it works, and no more")
    made.add_argument("--rounds", type=int, help=f"counted rounds of each case ({ROUNDS})")
    made.add_argument("--seconds", type=int, help=f"length of one round ({SECONDS})")
    return made


def begin(made: argparse.ArgumentParser, rounds: int = ROUNDS) -> argparse.Namespace:
    """Read the arguments, keep off the servers' core, and leave no server behind when told to stop.

    rounds: unless stated.
    """
    args = made.parse_args()
    args.rounds = args.rounds or (1 if args.quick else rounds)
    args.seconds = args.seconds or (1 if args.quick else SECONDS)
    need("taskset")
    os.sched_setaffinity(0, {LOAD_CORE})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: told to stop"))
    return args


@dataclass
class Server:
    """A process under test. `url` is where it listens; `pid` is its first process."""

    name: str
    url: str
    pid: int

    def cpu(self) -> float:
        """Seconds of CPU that it and its children have used."""
        return sum(_cpu_of(pid) for pid in _family(self.pid))

    def forget_peak(self) -> None:
        """`peak` tells of what comes from now on."""
        for pid in _family(self.pid):
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def peak(self) -> int:
        """Most resident bytes of it and its children, each at its own time."""
        return sum(_peak_of(pid) for pid in _family(self.pid))

    def rss(self) -> int:
        """Resident bytes of it and its children."""
        return sum(_rss_of(pid) for pid in _family(self.pid))


@dataclass
class Sample:
    """One round: requests answered, CPU seconds of the server, answers that were no 2xx."""

    requests: int
    cpu: float
    errors: int
    seconds: float
    p50_us: float = 0.0
    p99_us: float = 0.0

    @property
    def micros(self) -> float:
        """CPU time of the server per request, in microseconds."""
        return self.cpu / max(self.requests, 1) * 1e6


@dataclass
class Case:
    """One row: a server under one kind of load."""

    server: str
    load: Callable[[], Sample]
    samples: list[Sample] = field(default_factory=list)

    @property
    def micros(self) -> float:
        """Median over the rounds."""
        return statistics.median(sample.micros for sample in self.samples)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need(*programs: str) -> None:
    """End with one clear line where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None and not Path(program).exists()]
    if missing:
        sys.exit(f"bench: needs {', '.join(missing)}; `make bench` installs them where apt is there")


@contextmanager
def running(
    name: str, command: Sequence[str], port: int, *, core: int | str = SERVER_CORE, patience: int = 60
) -> Iterator[Server]:
    """Start a server pinned to `core` (or to several: "0-3"), wait until it listens, end it afterwards.

    patience: seconds until it must listen.
    """
    WORK.mkdir(exist_ok=True)
    with (WORK / f"{re.sub('[^a-z0-9]+', '-', name.lower())}.log").open("wb") as log:
        process = subprocess.Popen(["taskset", "-c", str(core), *command], stdout=log, stderr=log, cwd=HERE.parent)
    try:
        _await_port(process, port, name, patience)
        yield Server(name, f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_port(process: subprocess.Popen[bytes], port: int, name: str, patience: int) -> None:
    for _ in range(patience * 20):
        if process.poll() is not None:
            sys.exit(f"bench: {name} did not start, see {WORK}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    sys.exit(f"bench: {name} did not listen on {port} in time")


def wrk(
    server: Server,
    path: str,
    script: str,
    *arguments: str,
    connections: int = CONNECTIONS,
    seconds: int = SECONDS,
    threads: int = 1,
    cores: int | str = LOAD_CORE,
) -> Sample:
    """Load from wrk with one of the Lua scripts; bounded in time."""
    before, began = server.cpu(), time.monotonic()
    done = subprocess.run(
        ["taskset", "-c", str(cores), "wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s",
         "--latency", "-s", str(HERE / "lua" / script), server.url + path, "--", *arguments],
        capture_output=True, text=True, check=True, timeout=seconds + 30,
    )  # fmt: skip
    spent, took = server.cpu() - before, time.monotonic() - began
    figures = json.loads(done.stdout.rpartition("RESULT ")[2])
    return Sample(figures["requests"], spent, figures["errors"], took, figures["p50"], figures["p99"])


def alternate(cases: Sequence[Case], rounds: int = ROUNDS) -> None:
    """Run the cases in turn, `rounds` times, after one short round that is not counted."""
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("", total=len(cases) * (rounds + 1))
        for number in range(rounds + 1):
            for case in cases:
                progress.update(task, description=f"{case.server}, round {number or 'to warm up'}")
                sample = case.load()
                if sample.errors:
                    sys.exit(f"bench: {case.server}: {sample.errors} of {sample.requests} answers were errors")
                if number:
                    case.samples.append(sample)
                progress.advance(task)


def times(cases: Mapping[K, Case], before: K, after: K) -> dict[K, float]:
    """What each costs, as a multiple of what it costs without: of the mean of the two cases that begin and end each
    round. The median over the rounds. For differences that are less than what a machine's speed wavers by.
    """
    micros = {name: [sample.micros for sample in case.samples] for name, case in cases.items()}
    means = [sum(pair) / 2 for pair in zip(micros[before], micros[after], strict=True)]
    return {
        name: statistics.median(value / mean for value, mean in zip(values, means, strict=True))
        for name, values in micros.items()
    }


def verdict(claim: str, value: float, at_most: float) -> str:
    """One line: what was claimed, and whether it holds."""
    return f"{'reached' if value <= at_most else 'NOT REACHED'}: {claim}: {value:.2f}, at most {at_most:g}"


def report(
    name: str,
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    figures: object,
    *,
    lines: Sequence[str] = (),
    quick: bool = False,
) -> None:
    """Print a table and `lines`, and keep them as Markdown and JSON: under bench/results, a quick run's elsewhere."""
    console.print(f"\n{title}", style="bold", highlight=False)
    table = Table()
    for column in header:
        table.add_column(column, justify="left" if column == header[0] else "right")
    for row in rows:
        table.add_row(*row)
    console.print(table)
    for line in lines:
        console.print(line, highlight=False)
    machine = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
    kept: list[str] = [f"# {name}", "", title, "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    kept += ["| " + " | ".join(row) + " |" for row in rows]
    kept += ["", *(f"- {line}" for line in lines)] if lines else []
    kept += ["", *(f"- {key}: {value}" for key, value in (machine | versions()).items())]
    folder = WORK / "quick" if quick else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text("\n".join(kept) + "\n")
    record = {"machine": machine | {"versions": versions()}, "lines": list(lines), "figures": figures}
    (folder / f"{name}.json").write_text(json.dumps(record, indent=1) + "\n")
    console.print(f"kept in {folder.relative_to(HERE.parent)}/{name}.md and .json", highlight=False)


def versions() -> dict[str, str]:
    """What was measured."""
    from importlib.metadata import version

    found = {"ragfront": __version__} | {
        package: version(package) for package in ("aiohttp", "uvloop", "redis", "lmdb")
    }
    for program, flag in (("nginx", "-v"), ("varnishd", "-V"), ("wrk", "-v"), ("redis-server", "--version")):
        if shutil.which(program):
            done = subprocess.run([program, flag], capture_output=True, text=True, check=False)
            if match := re.search(r"\d+\.\d+(\.\d+)?", done.stdout + done.stderr):
                found[program] = match[0]
    return found


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [pid]
    if children.exists():
        for child in children.read_text().split():
            found += _family(int(child))
    return found


def _cpu_of(pid: int) -> float:
    try:
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return 0.0
    return (int(numbers[11]) + int(numbers[12])) / _TICK


def _rss_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return 0


def _peak_of(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]) << 10
    except FileNotFoundError:
        return 0


__all__ = [
    "Case", "Sample", "Server", "alternate", "begin", "console", "free_port", "need", "parser", "report", "running",
    "times", "verdict", "wrk",
]  # fmt: skip
