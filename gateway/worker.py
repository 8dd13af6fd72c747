"""Worker process: how the supervisor starts one, and what happens at its other end.

A worker gets its order over its standard input, a line of JSON, and ends when that pipe does: a supervisor that was
killed leaves nobody behind. It is given the settings, not the file: one that dies after the file was edited badly
comes back.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence

from pydantic import ValidationError

from gateway import lifeline
from gateway.model.settings.base import Frozen
from gateway.model.settings.file import Settings
from gateway.observe import stderr
from gateway.source import Source

COMMAND = (sys.executable, "-P", "-m", "gateway", "worker")  # -P: a folder `gateway` of the user's is not ours
# Blocked while a worker starts, so that they wait for it instead of killing it; run_worker lets them in.
HELD = (signal.SIGHUP, signal.SIGUSR1)
KILL_AFTER = 5.0  # seconds after the drain time
BAD_ORDER = 2


class Order(Frozen):
    """What a worker process is told at its start. `unix_socket`: an inherited listening socket's descriptor.

    As JSON it holds the secrets of the settings: it travels through a pipe, and through nothing else.
    """

    settings: Settings
    source: Source
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
    # Only what was stated: to a condition, `is: null` and no `is` are two things.
    line = order.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    with contextlib.suppress(BrokenPipeError):  # it has died: its exit code will tell
        process.stdin.write(line)
        process.stdin.flush()
    return process


def received() -> Order | None:
    """A worker's side of `start`: its order, or None where no supervisor is at the other end."""
    line = sys.stdin.buffer.readline()
    try:
        order = Order.model_validate_json(line)
        figures = os.environ["PROMETHEUS_MULTIPROC_DIR"]
    except (ValidationError, KeyError):
        return None
    lifeline.hold(figures, order.settings.drain + KILL_AFTER)
    return order


def main() -> int:
    """The hidden `worker` command: serve as ordered. Returns the exit code."""
    order = received() if not sys.stdin.isatty() else None
    if order is None:
        print("ragfront: the supervisor starts workers; you want `ragfront serve`", file=sys.stderr)
        return BAD_ORDER
    stderr.configure(order.settings.log.level)
    from gateway.app import WorkerSpec  # not for the supervisor, which does without its memory
    from gateway.serve import run_worker

    listener = None if order.unix_socket is None else socket.socket(fileno=order.unix_socket)
    return run_worker(
        WorkerSpec(
            settings=order.settings,
            load=order.source.load,
            worker=order.worker,
            workers=order.workers,
            socket_listen=listener,
        )
    )
