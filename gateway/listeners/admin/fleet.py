"""/admin/fleet: all workers of all replicas, and which version of the ledger each has acknowledged."""

from pydantic import BaseModel, Field

from gateway.control.control import Member
from gateway.listeners.admin.operation import Call, Nothing, Operation
from gateway.listeners.admin.parts import Parts
from gateway.listeners.admin.problem import Refused
from gateway.model.errors import StoreUnavailable


class MemberState(BaseModel):
    """One worker."""

    id: str
    host: str
    pid: int
    since: float = Field(description="Unix seconds, by its own clock")
    seen: float = Field(description="when it was last heard of; Unix seconds, by its own clock")
    acknowledged: int = Field(description="version of the ledger")
    behind: bool = Field(description="it has not acknowledged the version that is asked about")


class Fleet(BaseModel):
    """Who counts: a purge is confirmed when all of these have acknowledged it."""

    version: int = Field(description="of the ledger, as the worker knows it that serves this API")
    up: bool = Field(description="whether the ledger was there when it was last looked for")
    seen: float | None = Field(description="when it last was; Unix seconds")
    me: str = Field(description="the worker that serves this API")
    members: list[MemberState] = Field(description="the oldest first")


def state(member: Member, version: int) -> MemberState:
    """A member, as seen by whoever waits for a version of the ledger."""
    return MemberState(
        id=member.id,
        host=member.host,
        pid=member.pid,
        since=member.since,
        seen=member.seen,
        acknowledged=member.acknowledged,
        behind=member.acknowledged < version,
    )


def operations(parts: Parts) -> list[Operation]:
    """The endpoints."""

    async def fleet() -> Fleet:
        control = parts.control
        try:
            members = await control.members()
        except StoreUnavailable as exc:
            raise Refused(503, f"the ledger is away: {exc}") from None
        told = [state(member, control.version) for member in members]
        return Fleet(version=control.version, up=control.up, seen=control.seen, me=control.id, members=told)

    async def look(_: Call) -> Fleet:
        return await fleet()

    async def write_off(call: Call) -> Fleet:
        try:
            known = await parts.control.write_off(call.path["id"])
        except StoreUnavailable as exc:
            raise Refused(503, f"the ledger is away: {exc}") from None
        if not known:
            raise Refused(404, "no member of this id counts")
        call.after = {"written_off": call.path["id"]}
        return await fleet()

    away = {503: "The ledger is away"}
    return [
        Operation("GET", "/admin/fleet", "All workers and replicas", look, Fleet, refusals=away),
        Operation(
            "POST", "/admin/fleet/{id}/write-off", "Wait for a worker no more", write_off, Fleet, Nothing,
            refusals=away | {404: "No such member"}, changes=True,
            description="For one that is dead, or cut off. One that lives comes back by itself.",
        ),
    ]  # fmt: skip
