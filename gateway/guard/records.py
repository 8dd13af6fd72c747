"""Records: what a filter is built from, read from a file or a pipe, line by line, of any size."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from gateway.guard.filterfile import FilterError
from gateway.policy.pointer import Pointer

LONGEST = 64 << 20
"""Bytes of a line: a file without line ends must not be read into memory whole."""

Record = tuple[list[Any], int]
"""What one line or page holds, and how many bytes it took."""


def lines(file: BinaryIO) -> Iterator[Record]:
    """Each line is one text. Blank lines are none."""
    for number, line in _numbered(file):
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise FilterError(f"line {number}: not UTF-8") from None
        yield ([text] if text.strip() else []), len(line)


def json_lines(file: BinaryIO, pointers: list[Pointer]) -> Iterator[Record]:
    """Each line is a JSON value; the pointers lead to what counts of it."""
    for number, line in _numbered(file):
        if not line.strip():
            yield [], len(line)
            continue
        try:
            value = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        except orjson.JSONDecodeError as exc:
            raise FilterError(f"line {number}: not JSON ({exc.msg})") from None
        yield found(value, pointers), len(line)


def found(value: Any, pointers: list[Pointer]) -> list[Any]:
    """What the pointers lead to; [None] where that is nothing, so that it is counted as skipped."""
    return [member for pointer in pointers for member in pointer.find(value)] or [None]


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            raise FilterError(f"line {number}: longer than {LONGEST >> 20} MiB")
        yield number, line
