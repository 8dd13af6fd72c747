"""/admin/me: who asks, and what for: a console has to know what it can offer."""

from pydantic import BaseModel, Field

from gateway.listeners.admin.access import Role
from gateway.listeners.admin.operation import Call, Operation


class Me(BaseModel):
    """Who the token belongs to."""

    name: str = Field(description="as the audit has it; `anonymous` where no token is set")
    role: Role
    version: str = Field(description="of the gateway")


def operations(version: str) -> list[Operation]:
    """The endpoint. version: the gateway's."""

    async def me(call: Call) -> Me:
        return Me(name=call.caller.name, role=call.caller.role, version=version)

    return [Operation("GET", "/admin/me", "Whose token this is, and what it is good for", me, Me)]
