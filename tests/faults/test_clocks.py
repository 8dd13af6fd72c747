"""Clocks that jump: the wall clock of a whole gateway is set while it serves. No client sees more of it than a miss."""

import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.support.gateway import Client, field, post
from tests.support.process import serving
from tests.support.upstream import Asked, ScriptedUpstream, Wire

HOUR = 3600.0


class Clocked:
    """A client of a gateway, and its clock."""

    def __init__(self, client: Client, offset: Path) -> None:
        self._client = client
        self._offset = offset

    def ahead(self, seconds: float) -> None:
        """Sets its clock so far ahead of the true time."""
        new = self._offset.with_suffix(".new")
        new.write_text(str(seconds))
        new.replace(self._offset)

    async def ask(self, question: str = "q") -> tuple[int, bytes, int]:
        """The call that the answer came of, Cache-Status, Age (0 where there is none)."""
        head, body = await self._client.ask(post(b"/rag", json.dumps({"query": question}).encode()))
        assert head.startswith(b"HTTP/1.1 200"), head
        return json.loads(body)["call"], field(head, b"cache-status") or b"", int(field(head, b"age") or 0)


def clock(folder: Path, ahead: float) -> tuple[Path, tuple[str, ...]]:
    """Where a gateway's clock is set, and the program that goes by it."""
    offset = folder / "offset"
    offset.write_text(str(ahead))
    return offset, ("tests.support.jumping_gateway", str(offset))


@asynccontextmanager
async def clocked(folder: Path, l2: str) -> AsyncIterator[tuple[Clocked, ScriptedUpstream]]:
    calls = itertools.count(1)

    async def numbered(asked: Asked, wire: Wire) -> None:
        await wire.json(b'{"call": %d}' % next(calls))

    offset, program = clock(folder, 0)
    async with (
        ScriptedUpstream(numbered) as upstream,
        serving(folder, upstream.url, l2, program=program) as gateway,
        Client(gateway.port) as client,
    ):
        yield Clocked(client, offset), upstream
    assert "Traceback" not in gateway.log.read_text()


TIERS = pytest.mark.parametrize("l2", ["off", "{{disk: {{path: {folder}}}}}"], ids=["memory", "disk"])


@TIERS
async def test_set_ahead_everything_has_expired_and_is_asked_for_anew(tmp_path: Path, l2: str) -> None:
    async with clocked(tmp_path, l2.format(folder=tmp_path / "l2")) as (gateway, _):
        assert (await gateway.ask())[0] == 1
        assert (await gateway.ask())[1].startswith(b"ragfront; hit")
        gateway.ahead(24 * HOUR)
        assert (await gateway.ask())[0] == 2
        call, status, age = await gateway.ask()
        assert (call, age) == (2, 0)
        assert status.startswith(b"ragfront; hit")


@TIERS
async def test_set_back_what_was_stored_in_the_future_is_asked_for_anew_on_every_way(tmp_path: Path, l2: str) -> None:
    async with clocked(tmp_path, l2.format(folder=tmp_path / "l2")) as (gateway, _):
        gateway.ahead(24 * HOUR)
        for _ in range(3):  # the third is known by its bytes
            assert (await gateway.ask())[0] == 1
        gateway.ahead(0)
        assert (await gateway.ask())[0] == 2
        for _ in range(2):
            call, status, age = await gateway.ask()
            assert (call, age) == (2, 0)
            assert status.startswith(b"ragfront; hit")
        gateway.ahead(24 * HOUR)
        assert (await gateway.ask())[0] == 3  # and the first one has not come to life again


async def test_corrected_by_little_nothing_is_lost_and_no_age_is_negative(tmp_path: Path) -> None:
    async with clocked(tmp_path, "off") as (gateway, _):
        for _ in range(2):
            await gateway.ask()
        for correction in (2, -2, -1, 0):
            gateway.ahead(correction)
            call, status, age = await gateway.ask()
            assert call == 1
            assert status.startswith(b"ragfront; hit")
            assert 0 <= age <= 4


async def test_a_lease_of_before_a_clock_was_set_back_holds_nobody_up(tmp_path: Path) -> None:
    l2 = f"{{disk: {{path: {tmp_path / 'l2'}}}}}"

    async def silent(asked: Asked, wire: Wire) -> None:
        await wire.reader.read(1)

    async with clocked(tmp_path, l2) as (gateway, upstream):
        other = tmp_path / "other"
        other.mkdir()
        _, program = clock(other, 24 * HOUR)
        answer, upstream.answer = upstream.answer, silent
        async with serving(other, upstream.url, l2, program=program) as dying:
            async with Client(dying.port) as client:
                await client.send(post(b"/rag", b'{"query": "q"}'))
                await upstream.until(lambda: bool(upstream.asked))
                dying.process.kill()
                dying.process.wait()
        upstream.answer = answer
        assert (await gateway.ask())[0] == 1
