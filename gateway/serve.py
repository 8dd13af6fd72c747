"""Serve: a worker in this process, from its start to its exit code. Signals stop it, reload it, rotate its log."""

import asyncio
import gc
import logging
import signal

import uvloop

from gateway.app import Worker, WorkerSpec
from gateway.ports import CannotListen

_log = logging.getLogger("ragfront")

OK = 0
CANNOT_LISTEN = 3


def _spare_the_collector() -> None:
    """What is there by now stays, and need not be looked through again: a full collection would take 20 ms of it.

    Requests leave next to no cycles, so it suffices to look for them after 10,000 new objects instead of 700: 3 % of
    a miss (bench/miss.py).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000)


async def _serve(spec: WorkerSpec) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    worker = Worker(spec)

    def ask_to_stop() -> None:
        if stop.is_set():
            worker.hurry()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask_to_stop)
    loop.add_signal_handler(signal.SIGHUP, worker.reload)
    loop.add_signal_handler(signal.SIGUSR1, worker.rotate)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGHUP, signal.SIGUSR1))
    try:
        await worker.start()
        _spare_the_collector()
        if spec.worker == 0:
            _log.info("listening on %s, admin on %s", spec.settings.listen, spec.settings.admin.listen)
        await stop.wait()
    except CannotListen as exc:
        _log.error("%s", exc)
        return CANNOT_LISTEN
    finally:
        await worker.stop()
    return OK


def run_worker(spec: WorkerSpec) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code. SIGHUP reloads, SIGUSR1 reopens the access log."""
    return uvloop.run(_serve(spec))
