"""Filter files that are in use: loaded at the start, watched, and swapped whole when they are replaced.

A file that cannot be used is told once for each change of it, and the filter that was there before stays. Where there
never was one, nothing is rejected: a broken filter costs upstream calls, not answers.
"""

import asyncio
import logging
import os
from dataclasses import dataclass
from typing import NamedTuple

from gateway.guard.filterfile import Filter, FilterError, Kind, load

_log = logging.getLogger("ragfront.bloom")

EVERY = 0.25
"""Seconds between two looks. A file must look the same twice before it is read: a copy may be under way."""


class _Look(NamedTuple):
    inode: int
    size: int
    changed: int


@dataclass(slots=True)
class Loaded:
    """One file's state. filter: what is in force; None where none could be loaded yet. refused: how often."""

    path: str
    kind: Kind
    filter: Filter | None = None
    refused: int = 0
    seen: _Look | None = None
    taken: _Look | None = None


class FilterFiles:
    """The files of one worker. Those that no route names any more are let go."""

    def __init__(self) -> None:
        self._files: dict[tuple[str, Kind], Loaded] = {}

    def of(self, path: str, kind: Kind) -> Loaded:
        """The state of a file; a new one is loaded by the next `load` or `follow`."""
        return self._files.setdefault((path, kind), Loaded(path, kind))

    def keep(self, used: list[Loaded]) -> None:
        """Let go of all others."""
        self._files = {key: file for key, file in self._files.items() if any(file is other for other in used)}

    def load(self) -> None:
        """Load what has not been looked at yet. Blocks: a file of 100 million ids takes a second."""
        for file in list(self._files.values()):
            if file.taken is None:
                file.seen = file.taken = _look(file.path)
                _take(file)

    async def follow(self) -> None:
        """Swap in what is replaced, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await asyncio.to_thread(self.turn)
            except Exception:  # a bug here must not end the following for good
                _log.exception("following the filters failed")

    def look_again(self, file: Loaded) -> None:
        """Take a file that was just put whole into its place, without waiting for a second look. Blocks."""
        file.seen = file.taken = _look(file.path)
        _take(file)

    def turn(self) -> None:
        """One look at each file. Runs in a thread: the event loop sees a filter change between two bytecodes."""
        for file in list(self._files.values()):
            look = _look(file.path)
            if look == file.seen and look != file.taken:
                file.taken = look
                _take(file)
            file.seen = look


def _look(path: str) -> _Look | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return _Look(found.st_ino, found.st_size, found.st_mtime_ns)


def _take(file: Loaded) -> None:
    try:
        fresh = load(file.path, file.kind)
    except (FilterError, MemoryError) as exc:
        file.refused += 1
        what = "the one before stays in force" if file.filter is not None else "nothing is rejected by it"
        _log.error("%s: %s; %s", file.path, exc or "too large for the memory there is", what)
        return
    file.filter = fresh
    _log.info("%s: %s filter of %d in force", file.path, file.kind, len(fresh))
