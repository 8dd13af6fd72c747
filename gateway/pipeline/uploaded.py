"""Uploaded: questions that an operator gives are asked, so that their answers are there before anybody wants them.

As in `warm`: what a tier has is not asked, only free turns are taken, and what is asked already is not asked twice.
"""

import asyncio
import logging
import secrets
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from gateway.pipeline.warm import Warmed
from gateway.policy.asking import Asking
from gateway.policy.bucket import tariff

_log = logging.getLogger("ragfront.warm")

RUNNING = 2
"""Jobs at once; one more is refused."""

_KEPT = 20
_AT_ONCE = 8
_TRIES = 6
_PAUSE = 1.0  # seconds until the second try; it doubles

Turn = Callable[[], Awaitable[None]]
Ask = Callable[[Asking, Turn], Awaitable[Warmed]]


@dataclass(slots=True)
class Job:
    """One upload. began, ended: Unix seconds. done: by what became of them."""

    id: str
    questions: int
    began: float
    state: str = "running"  # running, done, cancelled
    ended: float | None = None
    done: Counter[Warmed] = field(default_factory=Counter)
    task: asyncio.Task[None] | None = None


class Jobs:
    """One worker's. ask: has one question's answer made ready. sleep: for so many seconds. wall: Unix seconds."""

    def __init__(
        self, ask: Ask, wall: Callable[[], float], sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._ask = ask
        self._wall = wall
        self._sleep = sleep
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def start(self, questions: Sequence[Asking], pace: str) -> Job | None:
        """Ask all, at a pace such as `5/s`. None where enough jobs run already."""
        if sum(job.state == "running" for job in self._jobs.values()) >= RUNNING:
            return None
        job = Job(secrets.token_hex(8), len(questions), self._wall())
        self._jobs[job.id] = job
        while len(self._jobs) > _KEPT:
            oldest = next(old for old in self._jobs.values() if old.state != "running")
            del self._jobs[oldest.id]
        job.task = asyncio.get_running_loop().create_task(self._run(job, questions, tariff(pace, 1).period))
        return job

    def all(self) -> list[Job]:
        """The newest first."""
        return list(reversed(self._jobs.values()))

    def get(self, id: str) -> Job | None:
        """A job that runs, or ended not long ago."""
        return self._jobs.get(id)

    async def cancel(self, job: Job) -> None:
        """Ask no more; what is under way is stored all the same."""
        if job.task is not None and not job.task.done():
            job.task.cancel()
            await asyncio.wait((job.task,))
            job.state, job.ended = "cancelled", self._wall()

    async def close(self) -> None:
        """All of them."""
        for job in list(self._jobs.values()):
            await self.cancel(job)

    async def _run(self, job: Job, questions: Sequence[Asking], pause: float) -> None:
        pacing, slots = asyncio.Lock(), asyncio.Semaphore(_AT_ONCE)

        async def turn() -> None:
            async with pacing:
                await self._sleep(pause)

        async def one(question: Asking) -> None:
            try:
                job.done[await self._until_answered(question, turn)] += 1
            finally:
                slots.release()

        async with asyncio.TaskGroup() as tasks:
            for question in questions:
                await slots.acquire()
                tasks.create_task(one(question))
        job.state, job.ended = "done", self._wall()

    async def _until_answered(self, question: Asking, turn: Turn) -> Warmed:
        result = Warmed.SHED
        try:
            for number in range(_TRIES):
                result = await self._ask(question, turn)
                if result is not Warmed.SHED:
                    break
                await self._sleep(_PAUSE * 2**number)
        except Exception:
            _log.exception("an uploaded question could not be asked")
            return Warmed.FAILED
        return result
