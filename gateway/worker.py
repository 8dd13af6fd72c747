"""Worker process: how the supervisor starts one, and what happens at its other end.

A worker gets its order over its standard input, and ends when that pipe does: a supervisor that was killed leaves
nobody behind. It is given the settings, not the file: one that dies after the file was edited badly comes back.
"""

import atexit
import contextlib
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.model.settings import Settings
from gateway.observe import stderr

COMMAND = (sys.executable, "-P", "-m", "gateway", "worker")  # -P: a folder `gateway` of the user's is not ours
# Blocked while a worker starts, so that they wait for it instead of killing it; run_worker lets them in.
HELD = (signal.SIGHUP, signal.SIGUSR1)
KILL_AFTER = 5.0  # seconds after the drain time
BAD_ORDER = 2


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker process is told at its start. `unix_socket`: an inherited listening socket's descriptor."""

    settings: Settings
    load: Callable[[], Settings]
    worker: int
    workers: int
    unix_socket: int | None


def start(order: Order, command: Sequence[str], figures: str) -> subprocess.Popen[bytes]:
    """Start `command` as a worker, whose figures go to the folder `figures`. OSError where that fails."""
    fd = order.unix_socket
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        process = subprocess.Popen(
            [*command, str(order.worker)],
            stdin=subprocess.PIPE,
            env=os.environ | {"PROMETHEUS_MULTIPROC_DIR": figures},
            pass_fds=() if fd is None else (fd,),
            process_group=0,  # Ctrl-C is for the supervisor: workers hear of it once, from there
        )
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):  # it has died: its exit code will tell
        process.stdin.write(pickle.dumps(order))
        process.stdin.flush()
    return process


def received() -> Order | None:
    """A worker's side of `start`: its order, or None where no supervisor is at the other end."""
    try:
        order = pickle.load(sys.stdin.buffer)
    except (EOFError, pickle.UnpicklingError):
        return None
    assert isinstance(order, Order)
    patience = order.settings.drain + KILL_AFTER
    threading.Thread(target=_end_with_supervisor, args=(patience,), name="supervised", daemon=True).start()
    return order


def _end_with_supervisor(patience: float) -> None:
    """Drain once the supervisor is gone, and do its last duty: remove the workers' figures."""
    while os.read(0, 1):
        pass
    figures = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    atexit.register(shutil.rmtree, figures, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(patience)
    shutil.rmtree(figures, ignore_errors=True)
    os._exit(1)


def main() -> int:
    """The hidden `worker` command: serve as ordered. Returns the exit code."""
    order = received() if not sys.stdin.isatty() else None
    if order is None:
        print("ragfront: the supervisor starts workers; you want `ragfront serve`", file=sys.stderr)
        return BAD_ORDER
    stderr.configure(order.settings.log.level)
    from gateway.app import WorkerSpec, run_worker  # not for the supervisor, which does without its memory

    listener = None if order.unix_socket is None else socket.socket(fileno=order.unix_socket)
    return run_worker(
        WorkerSpec(
            settings=order.settings,
            load=order.load,
            worker=order.worker,
            workers=order.workers,
            socket_listen=listener,
        )
    )
