"""/admin/warm: questions uploaded, one a line, whose answers are made ready; progress, and an end to it."""

from collections.abc import Iterator

import orjson
from pydantic import BaseModel, Field, ValidationError

from gateway.listeners.admin.operation import LINES, Answered, Call, Nothing, Operation, wrongs
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.listeners.admin.sample import Sample, exchange
from gateway.model.settings.base import Frozen
from gateway.model.settings.warm import Pace
from gateway.pipeline.uploaded import RUNNING, Job
from gateway.pipeline.warm import Warmed
from gateway.policy.asking import LARGEST, Asking

MAX_BYTES = 16 << 20
MAX_QUESTIONS = 20_000
_TOLD = 20  # wrong lines


class Progress(BaseModel):
    """One upload."""

    id: str
    state: str = Field(description="running, done or cancelled")
    questions: int
    done: int
    stored: int = Field(description="asked, and there is an answer now")
    present: int = Field(description="a tier had it")
    failed: int = Field(description="asked in vain")
    shed: int = Field(description="there was never a free turn")
    not_asked: int = Field(description="no question of a route that is looked up")
    began: float = Field(description="Unix seconds")
    ended: float | None


class Uploads(BaseModel):
    """The newest first."""

    jobs: list[Progress]


class How(Frozen):
    """How fast."""

    rate: Pace = Field(default="5/s", description="calls of the upstream, as 5/s or 30/m (s, m, h); free turns only")


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    async def upload(call: Call) -> Answered:
        questions = list(_questions(call.lines, parts.settings().listen))
        job = parts.jobs.start(questions, call.query.rate)
        if job is None:
            raise Refused(409, f"{RUNNING} uploads run already")
        call.after = {"id": job.id, "questions": job.questions}
        return Answered(_progress(job), 202, {"Location": f"/admin/warm/{job.id}"})

    async def uploads(_: Call) -> Uploads:
        return Uploads(jobs=[_progress(job) for job in parts.jobs.all()])

    def find(call: Call) -> Job:
        job = parts.jobs.get(call.path["id"])
        if job is None:
            raise Refused(404, "no upload of this name, or one of long ago")
        return job

    async def progress(call: Call) -> Progress:
        return _progress(find(call))

    async def cancel(call: Call) -> Progress:
        job = find(call)
        call.before = {"state": job.state}
        await parts.jobs.cancel(job)
        call.after = {"state": job.state}
        return _progress(job)

    missing = {404: "No such upload"}
    return [
        Operation(
            "POST", "/admin/warm", "Have the answers to questions made ready", upload, Progress, None, How,
            statuses=(202,), refusals={409: "Too many uploads run"}, changes=True, media=(LINES,), max_body=MAX_BYTES,
            description='Lines of JSON, each a request: {"path": "/rag", "body": {"query": "..."}}; '
            f"{MAX_QUESTIONS} at most.",
        ),
        Operation("GET", "/admin/warm", "All uploads", uploads, Uploads, query=Nothing),
        Operation("GET", "/admin/warm/{id}", "How far an upload is", progress, Progress, refusals=missing),
        Operation("DELETE", "/admin/warm/{id}", "End an upload", cancel, Progress, refusals=missing, changes=True),
    ]  # fmt: skip


def _questions(lines: bytes, listen: str) -> Iterator[Asking]:
    """Each line's question. Refused with all lines that are wrong."""
    wrong: list[Wrong] = []
    found: list[Asking] = []
    for number, line in enumerate(lines.splitlines()):
        if not line.strip():
            continue
        if len(found) >= MAX_QUESTIONS:
            raise Refused(413, f"expected {MAX_QUESTIONS} questions at most")
        try:
            found.append(_asking(Sample.model_validate(orjson.loads(line)), listen))
        except ValidationError as exc:
            wrong += [one.model_copy(update={"pointer": f"/{number}{one.pointer}"}) for one in wrongs(exc, "pointer")]
        except (ValueError, Refused) as exc:
            wrong.append(Wrong(pointer=f"/{number}", detail=str(exc)))
        if len(wrong) >= _TOLD:
            break
    if wrong:
        raise Refused(422, "lines are wrong; pointers begin with a line's number, from 0", wrong[:_TOLD])
    if not found:
        raise Refused(422, "no question in it; expected a line of JSON for each")
    return iter(found)


def _asking(sample: Sample, listen: str) -> Asking:
    x = exchange(sample, listen, 0.0)
    if len(x.body) > LARGEST:
        raise ValueError(f"expected a body of {LARGEST} bytes at most")
    r = x.request
    fields = tuple(pair for pair in r.fields.pairs if pair[0].lower() not in (b"host", b"content-length"))
    return Asking(r.method, r.target, r.scheme, r.authority, fields, x.body)


def _progress(job: Job) -> Progress:
    done = {name: job.done[Warmed(name.replace("_", "-"))] for name in _RESULTS}
    return Progress(
        id=job.id, state=job.state, questions=job.questions, done=job.done.total(), began=job.began, ended=job.ended,
        **done,
    )  # fmt: skip


_RESULTS = ("stored", "present", "failed", "shed", "not_asked")
