"""Access log: one JSON line per finished request, written beside the event loop.

A line holds no credentials, no query and no body: the path is what comes before `?`, the key is a hash's first
digits. Lines wait in memory for a second or 64 KiB at most; a thread writes them, because a pipe whose reader
sleeps would otherwise stop the gateway. What cannot be written is lost, counted, and told once.
"""

import logging
import os
import select
import stat
import threading
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import orjson

from gateway.model.exchange import Exchange
from gateway.observe.tracing import trace_id

_log = logging.getLogger("ragfront.accesslog")

_FULL = 64 << 10  # bytes that wait before the writer is woken
_BACKLOG = 4 << 20  # bytes that wait at most while the writer is stuck
_PATH = 512  # characters of a path that are kept; with all fields a line stays below PIPE_BUF
_STDOUT = 1
_OPTIONS = orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z


def line(exchange: Exchange, duration: float, pid: int) -> bytes:
    """One line, newline included. `duration`: seconds from the request's head to the answer's last byte."""
    request = exchange.request
    route = exchange.route
    return orjson.dumps(
        {
            "time": datetime.fromtimestamp(exchange.now, UTC),
            "route": None if route is None else route.name,
            "method": request.method[:32].decode("ascii", "backslashreplace"),
            "path": _shown(request.path),
            "status": exchange.status,
            "outcome": exchange.outcome,
            "reason": exchange.reason,
            "would": exchange.would,
            "key": None if exchange.key is None else exchange.key[:8].hex(),
            "tier": exchange.tier or None,
            "degraded": exchange.rung or None,
            "upstream": exchange.upstream or None,
            "duration_ms": round(duration * 1000, 3),
            "upstream_ms": round(exchange.upstream_seconds * 1000, 3),
            "bytes": exchange.sent,
            "peer": request.peer,
            "trace": trace_id(exchange.trace) or None,
            "pid": pid,
        },
        option=_OPTIONS,
    )


def _shown(path: bytes) -> str:
    """A path as text: octets that are no UTF-8 become `\\xff`, a long one is cut, userinfo goes."""
    if path[:1] != b"/":
        path = path.rpartition(b"@")[2]
    text = path[: 4 * _PATH].decode("utf-8", "backslashreplace")
    return text if len(text) <= _PATH else text[: _PATH - 1] + "…"


class AccessLog:
    """A file (or standard output, `-`) that takes finished requests. `write` and `reopen` never wait."""

    def __init__(self, path: str, interval: float = 1.0) -> None:
        """Opens `path` for appending. Where that fails, it is told and tried again every `interval` seconds."""
        self._path = path
        self._interval = interval
        self._pid = os.getpid()
        self._lock = threading.Lock()  # guards the five below
        self._lines: list[bytes] = []
        self._waiting = 0
        self._lost = 0
        self._broken = False
        self._reopen = False
        self._closing = False
        self._wake = threading.Event()
        self._fd = -1
        self._limit = _FULL
        self._torn = False
        self._put([])
        self._writer = threading.Thread(target=self._run, name="access-log", daemon=True)
        self._writer.start()

    def write(self, exchange: Exchange, duration: float) -> None:
        """Take a request that has ended."""
        data = line(exchange, duration, self._pid)
        with self._lock:
            full = self._waiting >= _FULL
            fits = self._waiting < _BACKLOG
            if fits:
                self._lines.append(data)
                self._waiting += len(data)
        if full:
            self._wake.set()
        if not fits:
            self._lose(1, "it takes lines more slowly than they come")

    def reopen(self) -> None:
        """Write what waits to the old file, then open the path anew: it has been rotated."""
        with self._lock:
            self._reopen = True
        self._wake.set()

    def close(self, timeout: float = 2.0) -> None:
        """Write what waits and end; give up after `timeout` seconds. Lines written later are lost."""
        self._closing = True
        self._wake.set()
        self._writer.join(timeout)

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(self._interval)
            self._wake.clear()
            self._drain()
        self._drain()
        self._close_file()

    def _drain(self) -> None:
        with self._lock:
            lines, self._lines, self._waiting = self._lines, [], 0
            reopen, self._reopen = self._reopen, False
        self._put(lines)
        if reopen:
            self._close_file()
            self._put([])

    def _put(self, lines: list[bytes]) -> None:
        """Write `lines`, or lose those that cannot be written."""
        opened = self._fd < 0
        written = 0
        try:
            if opened:
                self._open()
            for count, piece in _pieces(lines, self._limit):
                self._write_whole(piece)
                written += count
        except OSError as exc:
            self._lose(len(lines) - written, exc.strerror or str(exc))
        else:
            if lines or opened:
                self._works()

    def _open(self) -> None:
        if self._path == "-":
            self._fd = _STDOUT
        else:
            # O_NONBLOCK for the opening only: a FIFO that nobody reads would make it wait.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            self._fd = os.open(self._path, flags, 0o640)
            os.set_blocking(self._fd, True)
        # Workers share a pipe: only writes up to PIPE_BUF bytes are never mixed with another's.
        fifo = stat.S_ISFIFO(os.fstat(self._fd).st_mode)
        self._limit = select.PIPE_BUF if fifo else _FULL
        self._torn = False

    def _close_file(self) -> None:
        if self._fd > _STDOUT:
            os.close(self._fd)
        self._fd = -1

    def _write_whole(self, piece: bytes) -> None:
        if self._torn:
            piece = b"\n" + piece
        done = 0
        while done < len(piece):
            done += os.write(self._fd, memoryview(piece)[done:])
            # A full disk takes a part: the next line must not go on where this one broke off.
            self._torn = piece[done - 1 : done] != b"\n"

    def _lose(self, count: int, why: str) -> None:
        with self._lock:
            self._lost += count
            told, self._broken = self._broken, True
        if not told:
            _log.warning("access log %s: %s; lines are lost until it can be written", self._path, why)

    def _works(self) -> None:
        with self._lock:
            lost, self._lost = self._lost, 0
            was_broken, self._broken = self._broken, False
        if was_broken:
            _log.warning("access log %s: written again, %d lines were lost", self._path, lost)


def _pieces(lines: Iterable[bytes], limit: int) -> Iterator[tuple[int, bytes]]:
    """Whole lines together, up to `limit` bytes (or one line that is longer), with their number."""
    piece: list[bytes] = []
    size = 0
    for item in lines:
        if piece and size + len(item) > limit:
            yield len(piece), b"".join(piece)
            piece, size = [], 0
        piece.append(item)
        size += len(item)
    if piece:
        yield len(piece), b"".join(piece)
