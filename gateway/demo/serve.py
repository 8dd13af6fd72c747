"""Serve: runs the example service in this process until SIGTERM or SIGINT. One listener, TCP."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Sequence

from aiohttp import web

from gateway.demo.corpus import NoCorpus
from gateway.demo.options import DemoOptions
from gateway.demo.service import create_app, shared_index
from gateway.model.units import parse_duration

DEFAULT_LISTEN = "127.0.0.1:8000"
# Running answers get so long to end, and as long again to notice that they are cancelled.
_DRAIN_SECONDS = 2.0


def parse_listen(text: str) -> tuple[str, int]:
    """`host:port` or `[ipv6]:port` -> (host, port); port 0 lets the system choose. ValueError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not colon or not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{text}: expected host:port, such as {DEFAULT_LISTEN}")
    return host, int(port)


async def serve(
    listen: str, options: DemoOptions, stop: asyncio.Event, ready: Callable[[str], None] | None = None
) -> None:
    """Listen on `listen` until `stop` is set. `ready` gets the base URL once requests are answered.

    ValueError for a wrong `listen`, OSError where it cannot be had, NoCorpus.
    """
    host, port = parse_listen(listen)
    app = create_app(options)
    runner = web.AppRunner(
        app,
        handler_cancellation=True,
        auto_decompress=False,  # an encoded body is no JSON, which a client hears without a traceback here
        access_log=None,
        shutdown_timeout=_DRAIN_SECONDS,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        if ready:
            bound = runner.addresses[0]
            shown = f"[{bound[0]}]" if ":" in bound[0] else bound[0]
            ready(f"http://{shown}:{bound[1]}")
        await stop.wait()
    finally:
        await runner.cleanup()


def run_demo_service(
    listen: str = DEFAULT_LISTEN, options: DemoOptions | None = None, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then return. To be called in the main thread of a process of its own.

    `ready` gets the base URL; by default one line is printed to standard output. Raises what `serve` raises.
    """
    chosen = options or DemoOptions()
    asyncio.run(_until_signalled(listen, chosen, ready or (lambda url: _announce(url, chosen))))


async def _until_signalled(listen: str, options: DemoOptions, ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    try:
        await serve(listen, options, stop, ready)
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _announce(url: str, options: DemoOptions) -> None:
    slots = f"{options.slots} generation slots" if options.slots else "no limit of generations"
    print(f"demo RAG service ready on {url}: {len(shared_index().passages)} passages, {slots}", flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Exit status: 0, 1 where it cannot run, 2 for a wrong option."""
    parser = argparse.ArgumentParser(
        prog="python -m gateway.demo",
        description="The example RAG service: questions about Python.",
        allow_abbrev=False,
    )
    defaults = DemoOptions()
    parser.add_argument("--listen", default=DEFAULT_LISTEN, metavar="HOST:PORT", help="default: %(default)s")
    parser.add_argument("--slots", type=_count, default=defaults.slots, metavar="N",
                        help="generations at a time, 0 for no limit; default: %(default)s")  # fmt: skip
    for name, meaning in (
        ("retrieval", "what searching takes"),
        ("first_token", "from a slot to the first token"),
        ("per_token", "between two tokens"),
    ):
        value = getattr(defaults, name)
        parser.add_argument(f"--{name.replace('_', '-')}", type=parse_duration, default=value, metavar="DURATION",
                            help=f"{meaning}, 0 for none; default: {round(value * 1000)}ms")  # fmt: skip
    chosen = parser.parse_args(arguments)
    options = DemoOptions(chosen.slots, chosen.retrieval, chosen.first_token, chosen.per_token)
    try:
        parse_listen(chosen.listen)
    except ValueError as exc:
        parser.error(f"argument --listen: {exc}")
    try:
        run_demo_service(chosen.listen, options)
    except (NoCorpus, OSError) as exc:
        print(f"demo RAG service: {exc}", file=sys.stderr)
        return 1
    return 0


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError("expected a whole number of 0 or more")
    return int(text)
