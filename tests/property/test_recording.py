"""Recording under any order of feeding and reading: every reader gets the same bytes, from the first to the last."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.errors import UpstreamReset
from gateway.model.fields import Fields
from gateway.pipeline.recording import _WINDOW, Recording

PIECE = _WINDOW // 3

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("feed"), st.sampled_from([1, 10, PIECE])),
        st.tuples(st.sampled_from(["read", "turn", "body"]), st.just(0)),
        st.tuples(st.sampled_from(["leave", "stall", "go on"]), st.integers(0, 5)),
    ),
    max_size=40,
)


class Reader:
    def __init__(self, made: Recording) -> None:
        self.got = bytearray()
        self.gate = asyncio.Event()
        self.gate.set()
        self.task = asyncio.create_task(self._read(made))

    async def _read(self, made: Recording) -> bool:
        try:
            async for piece in made.read():
                self.got += piece
                await self.gate.wait()
        except UpstreamReset:
            return False
        return True


async def live(steps: list[tuple[str, int]], limit: int, broken: bool) -> None:
    made = Recording(200, b"OK", Fields(), limit)
    readers: list[Reader] = []
    gone: set[Reader] = set()
    sent = bytearray()
    room: asyncio.Task[bool] | None = None
    for number, (what, figure) in enumerate(steps):
        chosen = readers[figure % len(readers)] if readers else None
        if what == "feed" and (room is None or room.done()):
            if room is not None and not room.result():
                break  # nobody reads an answer that is too long to keep
            piece = bytes([number]) * figure
            sent += piece
            made.feed(piece)
            room = asyncio.create_task(made.room())
            await asyncio.sleep(0)
            assert sum(map(len, made._pieces)) <= max(limit, _WINDOW) + PIECE + 10 or not room.done()
        elif what == "read" and made.joinable:
            readers.append(Reader(made))
            await asyncio.sleep(0)
        elif what == "turn":
            await asyncio.sleep(0)
        elif chosen is not None and what == "leave":
            chosen.task.cancel()
            gone.add(chosen)
        elif chosen is not None and what == "stall":
            chosen.gate.clear()
        elif chosen is not None and what == "go on":
            chosen.gate.set()
    given_up = room is not None and room.done() and not room.result()
    if broken:
        made.fail(UpstreamReset("rag", "gone"))
    else:
        made.finish()
        if not made.overflown:
            assert made.body == sent
            readers.append(Reader(made))
    for reader in readers:
        reader.gate.set()
    ends = await asyncio.wait_for(asyncio.gather(*(r.task for r in readers), return_exceptions=True), 5)
    for reader, end in zip(readers, ends, strict=True):
        if reader in gone:
            assert sent.startswith(reader.got)
            continue
        assert not given_up
        assert reader.got == sent
        assert end is not broken
    assert not made._readers
    if room is not None:
        assert await asyncio.wait_for(room, 5) in (True, False)


@given(STEPS, st.sampled_from([0, 25, 4 * PIECE, 1 << 30]), st.booleans())
@settings(max_examples=300)
def test_every_reader_gets_the_same_bytes(steps: list[tuple[str, int]], limit: int, broken: bool) -> None:
    asyncio.run(live(steps, limit, broken))
