"""Settings of answers that are not the upstream's: an operator states them, and requests fill them."""

from typing import Any

from pydantic import Field

from gateway.model.settings.base import EventName, Frozen


class StatedEvent(Frozen):
    """One event of a stated stream."""

    event: EventName | None = Field(default=None, description="its name, or the prefix of a data-stream line")
    data: Any = Field(default="", description="JSON, or text into which members are put as JSON")


class StatedAnswer(Frozen):
    """What a client gets that is not the upstream's; `{/query}` stands for that member of the request's body."""

    status: int = Field(default=200, ge=200, le=599, description="its status code")
    content_type: str = Field(default="application/json", description="its Content-Type; JSON, or any kind of text")
    body: Any = Field(
        default=None,
        description="JSON, or text where content_type says so; `{/query}` stands for that member of the request's body",
    )
    events: tuple[StatedEvent, ...] = Field(
        default=(), max_length=64, description="the same for clients that ask for a stream, in the route's framing"
    )
