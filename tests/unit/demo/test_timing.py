"""Timing: slots in order of arrival, a pace, and nothing leaked by those who leave."""

import asyncio
from contextlib import aclosing

import pytest

from gateway.demo.options import DemoOptions
from gateway.demo.timing import Generator, tokens

AT_ONCE = DemoOptions(slots=1, retrieval=0, first_token=0, per_token=0)


@pytest.mark.parametrize("text", ["", "one", "Two words.", " a\n\nb [1]\n", "  "])
def test_tokens_joined_give_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text


async def until(generator: Generator, **state: int) -> None:
    """Let the loop turn until the generator's counts are these."""
    async with asyncio.timeout(5):
        while any(getattr(generator, name) != count for name, count in state.items()):
            await asyncio.sleep(0)


async def test_an_answer_takes_the_first_token_and_the_pace_of_the_others() -> None:
    generator = Generator(DemoOptions(slots=1, first_token=0.03, per_token=0.01))
    clock = asyncio.get_running_loop().time
    started = clock()
    assert await generator.whole(["a", "b", "c"]) == "abc"
    assert clock() - started >= 0.05 - 0.001

    started = clock()
    async with aclosing(generator.stream(["a", "b", "c"])) as stream:
        arrivals = [clock() - started async for _ in stream]
    assert all(arrival >= due - 0.001 for arrival, due in zip(arrivals, (0.03, 0.04, 0.05), strict=True))


async def test_waiters_are_served_in_order_of_arrival() -> None:
    generator = Generator(AT_ONCE)
    served: list[str] = []

    async def ask(name: str) -> None:
        served.append(await generator.whole([name]))

    async with aclosing(generator.stream(["x", "y"])) as holder, asyncio.TaskGroup() as group:
        await anext(holder)
        for count, name in enumerate("abcde", 1):
            group.create_task(ask(name))
            await until(generator, waiting=count)
        assert served == []
        assert generator.generating == 1
        await holder.aclose()
    assert served == list("abcde")
    assert (generator.waiting, generator.generating) == (0, 0)


async def test_a_waiter_that_leaves_does_not_hold_up_the_others() -> None:
    generator = Generator(AT_ONCE)
    async with aclosing(generator.stream(["x", "y"])) as holder:
        await anext(holder)
        leaving = asyncio.create_task(generator.whole(["leaving"]))
        await until(generator, waiting=1)
        staying = asyncio.create_task(generator.whole(["staying"]))
        await until(generator, waiting=2)
        leaving.cancel()
        await until(generator, waiting=1)
        await holder.aclose()
        assert await staying == "staying"
    assert leaving.cancelled()


async def test_a_generation_that_is_cancelled_frees_its_slot() -> None:
    generator = Generator(DemoOptions(slots=1, first_token=3600, per_token=0))
    endless = asyncio.create_task(generator.whole(["never"]))
    await until(generator, generating=1)
    endless.cancel()
    with pytest.raises(asyncio.CancelledError):
        await endless
    assert generator.generating == 0
    assert generator._slots is not None
    assert not generator._slots.locked()


async def test_no_more_generations_at_a_time_than_slots() -> None:
    generator = Generator(DemoOptions(slots=2, first_token=0.001, per_token=0))
    most = 0

    async def ask() -> None:
        nonlocal most
        async with aclosing(generator.stream(["a", "b"])) as stream:
            async for _ in stream:
                most = max(most, generator.generating)

    await asyncio.gather(*(ask() for _ in range(10)))
    assert most == 2


async def test_without_a_limit_nobody_waits() -> None:
    generator = Generator(DemoOptions(slots=0, first_token=3600))
    tasks = [asyncio.create_task(generator.whole(["x"])) for _ in range(50)]
    await until(generator, generating=50)
    assert generator.waiting == 0
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_nothing_to_say_is_said_at_once() -> None:
    generator = Generator(AT_ONCE)
    assert await generator.whole([]) == ""
    async with aclosing(generator.stream([])) as stream:
        assert [token async for token in stream] == []
