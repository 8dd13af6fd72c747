"""Supervisor: worker processes that share one port, started, kept alive and stopped. Serves no request itself.

One worker runs in this process; more are processes of their own, which bind the same port with SO_REUSEPORT (or
share one Unix socket).
"""

import contextlib
import logging
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.multiprocess import mark_process_dead

from gateway import ports, worker
from gateway.config.addresses import parse_address
from gateway.model.errors import ConfigError
from gateway.model.settings.file import Settings
from gateway.observe import stderr
from gateway.source import Source

_log = logging.getLogger("ragfront.supervisor")

OK = 0
BAD_CONFIG = 2
CANNOT_LISTEN = 3
KEEP_DYING = 4

QUICK = 10.0  # seconds: a worker that lived shorter died quickly
QUICK_DEATHS = 5  # in a row, then we give up
_TAKEN = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGCHLD)


@dataclass(slots=True)
class Slot:
    """A place for one worker. `due`: when to start one where there is none, in monotonic seconds."""

    index: int
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    quick_deaths: int = 0


def run(settings: Settings, source: Source, command: Sequence[str] = worker.COMMAND) -> int:
    """Serve until SIGTERM or SIGINT; returns the exit code.

    `source` is where the settings came from: they are read anew at SIGHUP. `command` starts a worker.
    """
    stderr.configure(settings.log.level)
    try:
        shared = _check_ports(settings)
    except ports.CannotListen as exc:
        print(f"ragfront: {exc}", file=sys.stderr)
        return CANNOT_LISTEN
    if settings.workers == 1:
        from gateway.app import WorkerSpec  # a supervisor of others does without its memory
        from gateway.serve import run_worker

        return run_worker(WorkerSpec(settings=settings, load=source.load, worker=0, workers=1, socket_listen=None))
    try:
        return Supervisor(settings, source, command, shared).run()
    finally:
        if shared is not None:
            shared.close()
            with contextlib.suppress(OSError):
                os.unlink(settings.listen.removeprefix("unix:"))


def _check_ports(settings: Settings) -> socket.socket | None:
    """Told before anything runs: CannotListen. Returns the socket that several workers are to share, if any."""
    if settings.admin.listen != "off":
        ports.check(parse_address(settings.admin.listen), "--admin")
    address = parse_address(settings.listen)
    if settings.workers > 1 and address.unix:
        return ports.listen_unix(address.unix)
    if settings.workers > 1 and address.port == 0:
        raise ports.CannotListen(f"cannot listen on {address}: several workers need a port of your choice")
    ports.check(address, "--listen")
    return None


class Supervisor:
    """The workers of one gateway. `run` may be called once, from the main thread."""

    def __init__(
        self,
        settings: Settings,
        source: Source,
        command: Sequence[str],
        shared: socket.socket | None,
    ) -> None:
        self._settings = settings  # the last that were good: what a restarted worker gets
        self._source = source
        self._command = command
        self._shared = shared
        self._slots = [Slot(index) for index in range(settings.workers)]
        self._code: int | None = None  # set: stopping, and this is how it will have ended
        self._deadline = 0.0
        self._figures = ""

    def run(self) -> int:
        """Keep the workers alive until told to stop, or until that is pointless."""
        self._figures = _figures_folder()
        try:
            with _signals() as inbox:
                while self._code is None or any(slot.process for slot in self._slots):
                    self._start_due()
                    for signum in _arrived(inbox, self._pause()):
                        self._on_signal(signum)
                    self._reap()
                    self._kill_overdue()
            return self._code
        finally:
            for slot in self._slots:
                if slot.process is not None:
                    slot.process.kill()
                    slot.process.wait()
            shutil.rmtree(self._figures, ignore_errors=True)

    def _pause(self) -> float | None:
        """How long nothing needs to be done, in seconds; None: until a signal comes."""
        if self._code is not None:
            moments = [self._deadline]
        else:
            moments = [slot.due for slot in self._slots if slot.process is None]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _on_signal(self, signum: int) -> None:
        if signum in (signal.SIGTERM, signal.SIGINT):
            self._stop(OK)
        elif signum == signal.SIGHUP:
            self._reload()
        elif signum == signal.SIGUSR1:
            self._send(signal.SIGUSR1)

    def _reload(self) -> None:
        """Nobody reloads unless the new settings are good; each worker then reads them for itself."""
        try:
            settings = self._source.load()
        except ConfigError as exc:
            for problem in exc.problems:
                _log.error("%s", problem)
            _log.error("not reloaded: the settings stay as they were")
            return
        if settings.workers != self._settings.workers:
            _log.warning("workers: %d takes effect at the next start", settings.workers)
        self._settings = settings
        self._send(signal.SIGHUP)

    def _send(self, signum: int) -> None:
        for slot in self._slots:
            if slot.process is not None:
                slot.process.send_signal(signum)

    def _stop(self, code: int) -> None:
        if self._code is None:
            self._code = code
            self._deadline = time.monotonic() + self._settings.drain + worker.KILL_AFTER
        self._send(signal.SIGTERM)  # a second one, too: whoever asks twice is in a hurry

    def _start_due(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            if self._code is None and slot.process is None and slot.due <= now:
                slot.started = now
                try:
                    slot.process = self._spawn(slot.index)
                except OSError as exc:
                    self._died(slot, f"cannot be started: {exc.strerror}")

    def _spawn(self, index: int) -> subprocess.Popen[bytes]:
        fd = None if self._shared is None else self._shared.fileno()
        order = worker.Order(
            settings=self._settings, source=self._source, worker=index, workers=len(self._slots), unix_socket=fd
        )
        return worker.start(order, self._command, self._figures)

    def _reap(self) -> None:
        for slot in self._slots:
            if slot.process is None or (code := slot.process.poll()) is None:
                continue
            mark_process_dead(slot.process.pid, self._figures)  # type: ignore[no-untyped-call]  # no annotation
            assert slot.process.stdin is not None
            with contextlib.suppress(OSError):
                slot.process.stdin.close()
            slot.process = None
            if self._code is not None:
                continue
            if code in (BAD_CONFIG, CANNOT_LISTEN):
                _log.error("worker %d %s, which another start would not mend", slot.index, _ending(code))
                self._stop(code)
            else:
                self._died(slot, _ending(code))

    def _died(self, slot: Slot, how: str) -> None:
        now = time.monotonic()
        slot.quick_deaths = slot.quick_deaths + 1 if now - slot.started < QUICK else 0
        if slot.quick_deaths >= QUICK_DEATHS:
            _log.error("worker %d %s; given up after %d quick deaths in a row", slot.index, how, QUICK_DEATHS)
            self._stop(KEEP_DYING)
            return
        slot.due = now + 0.05 * 2**slot.quick_deaths  # 0.8 s at most
        _log.warning("worker %d %s; started again", slot.index, how)

    def _kill_overdue(self) -> None:
        if self._code is None or time.monotonic() < self._deadline:
            return
        for slot in self._slots:
            if slot.process is not None:
                _log.warning("worker %d did not end in time and is killed", slot.index)
                slot.process.kill()
                slot.process.wait()


def _ending(code: int) -> str:
    return f"ended with exit code {code}" if code >= 0 else f"was killed by {signal.Signals(-code).name}"


def _figures_folder() -> str:
    """A fresh folder for the workers' figures: in memory where there is such a place.

    The figures are memory-mapped: on a disk that is full, touching them would kill the worker with SIGBUS.
    """
    in_memory = "/dev/shm"
    writable = os.path.isdir(in_memory) and os.access(in_memory, os.W_OK | os.X_OK)
    return tempfile.mkdtemp(prefix="ragfront-metrics-", dir=in_memory if writable else None)


@contextlib.contextmanager
def _signals() -> Iterator[int]:
    """A descriptor from which the numbers of arriving signals can be read."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.set_blocking(writer, False)
    handlers = {signum: signal.signal(signum, lambda *_: None) for signum in _TAKEN}
    wakeup = signal.set_wakeup_fd(writer)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(wakeup)
        for signum, handler in handlers.items():
            signal.signal(signum, handler)
        os.close(reader)
        os.close(writer)


def _arrived(inbox: int, timeout: float | None) -> bytes:
    """Wait up to `timeout` seconds (None: for ever); the numbers of the signals that came."""
    select.select([inbox], [], [], timeout)
    try:
        return os.read(inbox, 256)
    except BlockingIOError:
        return b""
