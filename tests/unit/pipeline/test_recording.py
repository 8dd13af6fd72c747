"""Recording: any number of readers, coming at any time, get the same bytes in the same order."""

import asyncio
import weakref
from collections.abc import Callable

import pytest

from gateway.model.errors import UpstreamReset
from gateway.model.fields import Fields
from gateway.pipeline.recording import _LAG, Recording, TooSlow


def recording(limit: int = 1000) -> Recording:
    return Recording(200, b"OK", Fields(), limit)


async def collect(made: Recording) -> bytes:
    return b"".join([piece async for piece in made.read()])


async def test_readers_before_during_and_after_get_everything():
    made = recording()
    early = asyncio.create_task(collect(made))
    await asyncio.sleep(0)
    made.feed(b"ab")
    middle = asyncio.create_task(collect(made))
    await asyncio.sleep(0)
    made.feed(b"cd")
    made.finish()
    assert [await early, await middle, await collect(made), made.body] == [b"abcd"] * 4


async def test_asking_for_the_whole_body_takes_nothing_from_those_who_read():
    """Pieces were joined to one under a reader that counted them, and it took the end for reached."""
    made = recording()
    reader = made.read()
    made.feed(b"ab")
    assert await anext(reader) == b"ab"
    made.feed(b"cd")
    made.finish()
    assert made.body == b"abcd"
    assert [piece async for piece in reader] == [b"cd"]
    assert made.body == await collect(made) == b"abcd"


async def test_who_may_still_join():
    made = recording(limit=3)
    assert made.joinable
    made.feed(b"abcd")
    assert not made.joinable
    for end in (lambda made: made.finish(), lambda made: made.fail(UpstreamReset("rag", "gone"))):
        made = recording()
        end(made)
        assert not made.joinable


async def test_a_broken_body_breaks_every_reader():
    made = recording()
    reader = asyncio.create_task(collect(made))
    made.feed(b"ab")
    made.fail(UpstreamReset("rag", "gone"))
    with pytest.raises(UpstreamReset):
        await reader
    with pytest.raises(UpstreamReset):
        await collect(made)


async def test_over_its_limit_the_receiver_waits_for_the_readers_and_keeps_no_more_than_a_window():
    made = recording(limit=100)
    taken: list[bytes] = []
    gate = asyncio.Event()

    async def slow() -> None:
        async for piece in made.read():
            taken.append(piece)
            await gate.wait()

    reader = asyncio.create_task(slow())
    await asyncio.sleep(0)
    piece = b"x" * 65_536
    fed = 0
    for _ in range(100):
        made.feed(piece)
        fed += 1
        room = asyncio.create_task(made.room())
        await asyncio.sleep(0)
        if not room.done():
            break
    assert made.overflown
    assert fed < 10
    gate.set()
    assert await room
    made.finish()
    await reader
    assert len(taken) == fed


async def test_nobody_left_to_read_an_over_long_answer():
    made = recording(limit=1)
    made.feed(b"abc")
    assert await made.room() is False


async def test_a_cancelled_reader_holds_nobody_up():
    made = recording()
    gone = asyncio.create_task(collect(made))
    await asyncio.sleep(0)
    made.feed(b"a")
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    made.feed(b"b")
    made.finish()
    assert await collect(made) == b"ab"


async def test_over_its_limit_one_who_falls_far_behind_is_cut_off_and_the_others_notice_nothing():
    made = recording(limit=100)
    gate = asyncio.Event()
    fast_got = 0

    async def fast() -> None:
        nonlocal fast_got
        async for piece in made.read():
            fast_got += len(piece)

    async def slow() -> None:
        async for _ in made.read():
            await gate.wait()

    readers = [asyncio.create_task(fast()), asyncio.create_task(slow())]
    await asyncio.sleep(0)
    piece = b"x" * 65_536
    for _ in range(200):
        made.feed(piece)
        async with asyncio.timeout(5):
            assert await made.room()
        assert sum(map(len, made._pieces)) <= _LAG + len(piece)
    gate.set()
    with pytest.raises(TooSlow):
        await readers[1]
    made.finish()
    await readers[0]
    assert fast_got == 200 * len(piece)
    assert made.readers == 0


async def test_the_last_reader_s_leaving_is_told_once():
    made = recording()
    left: list[int] = []
    made.on_idle = lambda: left.append(made.readers)
    readers = [made.read() for _ in range(2)]
    made.feed(b"a")
    for reader in readers:
        assert await anext(reader) == b"a"
    await readers[0].aclose()
    assert left == []
    await readers[1].aclose()
    assert left == [0]
    made.finish()
    assert await collect(made) == b"a"
    assert left == [0]  # it is whole: there is nothing to give up


@pytest.mark.parametrize("end", [Recording.finish, lambda made: made.fail(UpstreamReset("rag", "broke off"))])
def test_what_has_ended_makes_no_ring_with_who_received_it(end: Callable[[Recording], None]):
    class Receiver:
        def left(self) -> None: ...

    receiver, made = Receiver(), recording()
    made.on_idle = receiver.left
    end(made)
    gone = weakref.ref(receiver)
    del receiver
    assert gone() is None  # and not only once garbage is collected
