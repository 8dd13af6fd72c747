"""Uploads: counted, paced, bounded, ended."""

import asyncio

from gateway.pipeline.uploaded import RUNNING, Jobs
from gateway.pipeline.warm import Warmed
from gateway.policy.asking import Asking


def question(name: str) -> Asking:
    return Asking(b"POST", b"/" + name.encode(), b"http", b"h", (), b"{}")


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


def jobs(results: dict[str, list[Warmed | Exception]], slept: list[float] | None = None) -> Jobs:
    async def ask(one: Asking, turn) -> Warmed:
        await turn()
        result = results[one.target.decode()[1:]].pop(0)
        if isinstance(result, Exception):
            raise result
        return result

    async def sleep(seconds: float) -> None:
        if slept is not None:
            slept.append(seconds)
        await asyncio.sleep(0)

    return Jobs(ask, lambda: 1.0, sleep)


async def test_each_question_is_counted_once() -> None:
    slept: list[float] = []
    made = jobs(
        {"a": [Warmed.STORED], "b": [Warmed.SHED, Warmed.PRESENT], "c": [RuntimeError()], "d": [Warmed.SHED] * 6}, slept
    )
    job = made.start([question(name) for name in "abcd"], "2/s")
    assert job is not None
    assert job.task is not None
    await job.task
    assert (job.state, job.ended) == ("done", 1.0)
    assert dict(job.done) == {Warmed.STORED: 1, Warmed.PRESENT: 1, Warmed.FAILED: 1, Warmed.SHED: 1}
    assert slept.count(0.5) == 10  # turns, at two a second
    assert made.get(job.id) is job


async def test_few_run_at_once_and_few_are_remembered() -> None:
    never = asyncio.Event()

    async def ask(one: Asking, turn) -> Warmed:
        await never.wait()
        return Warmed.STORED

    made = Jobs(ask, lambda: 1.0, at_once)
    running = [made.start([question("x")], "1/s") for _ in range(RUNNING)]
    assert all(running)
    assert made.start([question("x")], "1/s") is None
    for _ in range(30):
        await made.cancel(made.all()[0])
        assert made.start([question("x")], "1/s") is not None
    assert len(made.all()) <= 20
    assert made.get(running[0].id) is running[0]
    await made.close()
    assert {job.state for job in made.all()} == {"cancelled"}
