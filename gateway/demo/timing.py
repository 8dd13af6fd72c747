"""Timing: an LLM's shape of time. A few generation slots, a wait for the first token, a pace for the others."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gateway.demo.options import DemoOptions

_TOKEN = re.compile(r"\s*\S+|\s+$")


def tokens(text: str) -> list[str]:
    """Words with the white space before them; joined they give `text` again."""
    return _TOKEN.findall(text)


class Generator:
    """Utters tokens at an LLM's pace, for a limited number of callers at a time.

    A caller that is cancelled, waiting or served, gives its place back at once.
    """

    def __init__(self, options: DemoOptions) -> None:
        self._options = options
        # asyncio's semaphore wakes its waiters in order of arrival.
        self._slots = asyncio.Semaphore(options.slots) if options.slots else None
        self.waiting = 0
        self.generating = 0

    async def whole(self, spoken: Sequence[str]) -> str:
        """All of `spoken`, after the time that uttering it takes."""
        async with self._slot():
            await asyncio.sleep(self._due(len(spoken)))
        return "".join(spoken)

    async def stream(self, spoken: Sequence[str]) -> AsyncGenerator[str, None]:
        """Each of `spoken` when it is due. Close the iterator (`contextlib.aclosing`) to give the slot back."""
        async with self._slot():
            clock = asyncio.get_running_loop().time
            started = clock()
            for count, token in enumerate(spoken, 1):
                # Due times, not pauses: a slow reader or timer does not slow the generation down.
                await asyncio.sleep(max(0.0, started + self._due(count) - clock()))
                yield token

    def _due(self, count: int) -> float:
        """Seconds from the slot to the `count`-th token."""
        return self._options.first_token + self._options.per_token * max(0, count - 1)

    @asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            if self._slots:
                await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.generating += 1
        try:
            yield
        finally:
            self.generating -= 1
            if self._slots:
                self._slots.release()
