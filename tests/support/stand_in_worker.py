"""A worker that serves nothing: it reports what reaches it, and misbehaves on order. Run as a process.

Reports are datagrams `event worker pid detail` to the Unix socket $REPORTS. $BEHAVIOUR is a list of
`worker=behaviour` pairs, `*` for every worker: `exit-N` ends at once, `stubborn` ignores SIGTERM, `gated` takes
signals only when the FIFO $GATE is written to.
"""

import os
import signal
import socket
import sys
from typing import Never

from gateway import worker
from gateway.config.addresses import parse_address
from gateway.observe.metrics import Metrics


def report(event: str, detail: str = "") -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(f"{event} {sys.argv[1]} {os.getpid()} {detail}".encode(), os.environ["REPORTS"])


def behaviour() -> str:
    asked = dict(pair.split("=") for pair in os.environ.get("BEHAVIOUR", "").split())
    return asked.get(sys.argv[1], asked.get("*", ""))


def end(*_: object) -> Never:
    report("term")
    sys.exit(0)


def main() -> None:
    worker.KILL_AFTER = float(os.environ.get("KILL_AFTER", worker.KILL_AFTER))
    order = worker.received()
    assert order is not None
    how = behaviour()
    if how.startswith("exit-"):
        sys.exit(int(how.removeprefix("exit-")))
    listener = listen(order)
    metrics = Metrics("0", order.worker)
    if how == "gated":
        report("waiting")
        with open(os.environ["GATE"]) as gate:
            gate.read()
    signal.signal(signal.SIGTERM, (lambda *_: report("term")) if how == "stubborn" else end)
    signal.signal(signal.SIGHUP, lambda *_: report("hup", str(order.source.load().drain)))
    signal.signal(signal.SIGUSR1, lambda *_: report("usr1", metrics.render()[0].decode()))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, worker.HELD)
    report("up", f"{order.workers} {order.settings.drain} {listener.getsockname()}")
    while True:
        signal.pause()


def listen(order: worker.Order) -> socket.socket:
    if order.unix_socket is not None:
        return socket.socket(fileno=order.unix_socket)
    address = parse_address(order.settings.listen)
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind((address.host, address.port))
    listener.listen()
    return listener


if __name__ == "__main__":
    main()
