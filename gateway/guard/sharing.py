"""Sharing: a filter that is changed by an operator on one host is put into its file on all others.

The later file counts, by the time that the file system tells of it. So one that is rolled out to a host by other means
stays there until an operator changes the filter anew, or has it read anew, on any host.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Mapping

from gateway.guard.files import Loaded
from gateway.guard.filter_store import MOST, FilterStore, Shared
from gateway.guard.filterfile import FilterError, put
from gateway.model.errors import StoreUnavailable

_log = logging.getLogger("ragfront.bloom")

EVERY = 0.25
"""Seconds between two looks. Workers find a file that was replaced within another half second (guard/files)."""

_START_SECONDS = 3.0
_RETRY_SECONDS = 10.0  # after which a file that could not be put into its place is fetched again: there may be room
_TRIES = 5


class Sharing:
    """One gateway's. store: None where no other host is known of. files: those in use, by the names of filters.

    taken(file): told of a file that was put into its place; blocks.
    """

    def __init__(
        self,
        store: FilterStore | None,
        files: Callable[[], Mapping[str, Loaded]],
        taken: Callable[[Loaded], None],
    ) -> None:
        self._store = store
        self._files = files
        self._taken = taken
        self._turn = asyncio.Lock()
        self._shared: dict[str, int] = {}  # of a path: when what is known to others, or is to be, was changed
        self._refused: dict[str, tuple[int, float]] = {}  # of a name: what could not be taken, and until when it waits
        self._up = True

    async def start(self) -> None:
        """Take what others have changed, before anything is rejected by what was before. Goes on without it."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._look()
        except TimeoutError:
            return

    async def follow(self) -> None:
        """Take what others change, until cancelled."""
        while self._store is not None:
            await asyncio.sleep(EVERY)
            try:
                await self._look()
            except Exception:  # a bug here must not end the following for good
                _log.exception("sharing the filters failed")

    async def stop(self) -> None:
        if self._store is not None:
            await self._store.close()

    async def change(self, file: Loaded, work: Callable[[], None]) -> bool:
        """Have `work` (in a thread) replace a file, and tell all hosts. False: they cannot be told of this one.

        StoreUnavailable: it is not done, or others hear of it later; whatever `work` raises.
        """
        name = self._name(file)
        async with self._turn:
            for _ in range(_TRIES):
                known = await self._catch_up(name, file)
                await asyncio.to_thread(work)
                at = max(_changed(file.path), known + 1) * 1_000_000
                os.utime(file.path, ns=(at, at))
                await asyncio.to_thread(self._taken, file)
                if self._store is None or _size(file.path) > MOST:
                    return False
                self._shared[file.path] = _changed(file.path)
                if await self._publish(self._store, name, file, known):
                    return True
                # Another host was changed meanwhile: what it has now is what is to be changed.
        raise StoreUnavailable("others change this filter all the time")

    async def _catch_up(self, name: str, file: Loaded) -> int:
        """When the file that others have was changed; that is the one that is here now."""
        if self._store is None:
            return 0
        known = (await self._store.newest([name])).get(name, 0)
        if known > _changed(file.path):
            await self._take(self._store, name, file)
            if known > _changed(file.path):
                raise StoreUnavailable("the file that other hosts have cannot be taken")
        return known

    async def _look(self) -> None:
        files = self._files()
        if self._store is None or not files:
            return
        try:
            async with self._turn:
                newest = await self._store.newest(list(files))
                for name, file in files.items():
                    await self._compare(self._store, name, file, newest.get(name, 0))
        except StoreUnavailable as exc:
            if self._up:
                _log.warning("filters: what is changed on other hosts is not heard of: %s", exc)
            self._up = False
            return
        if not self._up:
            _log.warning("filters: back")
        self._up = True

    async def _compare(self, store: FilterStore, name: str, file: Loaded, there: int) -> None:
        here = _changed(file.path)
        refused, until = self._refused.get(name, (0, 0.0))
        if there > here and (there != refused or asyncio.get_running_loop().time() >= until):
            await self._take(store, name, file)
        elif there < here == self._shared.get(file.path):  # it was lost there, or could not be told
            await self._publish(store, name, file, there)

    async def _take(self, store: FilterStore, name: str, file: Loaded) -> None:
        shared = await store.read(name)
        if shared is None or shared.at <= _changed(file.path):
            return
        try:
            await asyncio.to_thread(put, shared.data, file.path, file.kind, shared.at)
        except (FilterError, OSError) as exc:
            if self._refused.get(name, (0, 0.0))[0] != shared.at:
                _log.error("%s: cannot be as on other hosts: %s", file.path, exc)
            self._refused[name] = shared.at, asyncio.get_running_loop().time() + _RETRY_SECONDS
            return
        self._shared[file.path] = shared.at
        await asyncio.to_thread(self._taken, file)

    async def _publish(self, store: FilterStore, name: str, file: Loaded, known: int) -> bool:
        data = await asyncio.to_thread(_read, file.path)
        return await store.write(name, known, Shared(self._shared[file.path], data))

    def _name(self, file: Loaded) -> str:
        return next(name for name, other in self._files().items() if other is file)


def _changed(path: str) -> int:
    """When a file was changed, in milliseconds; 0 where there is none."""
    try:
        return os.stat(path).st_mtime_ns // 1_000_000
    except OSError:
        return 0


def _size(path: str) -> int:
    return os.stat(path).st_size


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()
