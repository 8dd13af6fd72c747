"""Lines: of logs, one after the other, of any size: files, gzip, standard input."""

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from gateway.model.errors import RagfrontError

LONGEST = 4 << 20
"""Bytes of a line: a file without line ends must not be read into memory whole."""

STDIN = "-"
_GZIP = b"\x1f\x8b"


class LogError(RagfrontError):
    """A log that cannot be read, or of which nothing can be made: what to tell."""


def size(names: list[str]) -> int | None:
    """Bytes of all of them, as they lie on the disk; None where that is not known."""
    try:
        return None if STDIN in names else sum(Path(name).stat().st_size for name in names)
    except OSError:
        return None


def lines(name: str) -> Iterator[tuple[bytes, int]]:
    """Each line, and the bytes that were read of the file since the last one. LogError where that cannot go on.

    One that is too long is cut, so that it is none that a reader knows.
    """
    shown = "standard input" if name == STDIN else name
    with _opened(name, shown) as file:
        raw = cast(BinaryIO, file.fileobj) if isinstance(file, gzip.GzipFile) else None
        before = 0
        try:
            while line := file.readline(LONGEST):
                if len(line) == LONGEST and line[-1:] != b"\n":
                    _pass_rest(file)
                if raw is None:
                    yield line, len(line)
                else:
                    yield line, raw.tell() - before
                    before = raw.tell()
        except (EOFError, zlib.error, gzip.BadGzipFile):
            raise LogError(f"{shown}: its gzip data is damaged or cut short") from None
        except OSError as exc:
            raise LogError(f"{shown}: {exc.strerror or exc}") from None


@contextmanager
def _opened(name: str, shown: str) -> Iterator[BinaryIO | gzip.GzipFile]:
    if name == STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = open(name, "rb")  # noqa: SIM115  # closed below
    except OSError as exc:
        raise LogError(f"{shown}: {exc.strerror or exc}") from None
    with file:
        if file.peek(2)[:2] == _GZIP:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        else:
            yield file


def _pass_rest(file: BinaryIO | gzip.GzipFile) -> None:
    while (rest := file.readline(LONGEST)) and rest[-1:] != b"\n":
        pass
