"""Waiting for what has to come true, where no event says so: another process, a server's own clock."""

import asyncio
import inspect
import time
from collections.abc import Callable
from typing import Any


async def eventually(holds: Callable[[], Any], seconds: float = 10.0) -> None:
    """Returns once `holds()` (or what it awaits) is true; AssertionError after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        found = holds()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return
        assert time.monotonic() < until, f"not within {seconds} s"
        await asyncio.sleep(0.005)
