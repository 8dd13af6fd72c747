"""Settings of answers that come event by event, and of where things stand in a service's messages."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.model.settings.base import Condition, Frozen, Pointer, Reference


class EventCondition(Condition):
    """One test of an event of a stream. All that is stated must hold; a pointer leads into the event's data as JSON."""

    pointer: Pointer = Field(default="", description="JSON Pointer into the event's data (RFC 6901)")
    event: str | None = Field(default=None, description="the event's name, or the prefix of a data-stream line")
    data: str | None = Field(default=None, description="the event's data is exactly this text")


class ReplaySettings(Frozen):
    """How a stored stream is sent."""

    pace: Annotated[str, StringConstraints(pattern=r"^(at-once|recorded|[1-9][0-9]{0,5}/s)$")] = Field(
        default="at-once", description="all at once, as it came, or so many events a second, as in 50/s"
    )


class StreamSettings(Frozen):
    """Answers that come event by event: when they are whole, when they have failed, how they are replayed."""

    when: tuple[Condition, ...] = Field(default=(), description="any of these makes a request ask for a stream")
    ending: Reference | None = Field(
        default=None, description="requests whose path ends so ask for a stream, such as /stream, whatever they say"
    )
    framing: Literal["auto", "sse", "ndjson", "data-stream", "opaque"] = Field(
        default="auto", description="how events are told apart; auto: by Content-Type"
    )
    terminal: tuple[EventCondition, ...] = Field(
        default=(EventCondition(data="[DONE]"),),
        description="any of these is the last event of a whole stream; []: a clean end of the body is enough",
    )
    error: tuple[EventCondition, ...] = Field(
        default=(EventCondition(event="error"), EventCondition(pointer="/error", is_not=None)),
        description="any of these says that the service has failed",
    )
    replay: ReplaySettings = ReplaySettings()
    both_forms: bool = Field(
        default=False,
        description="OpenAI's chat: a stored plain answer does for a stream, and a stored stream for a plain one",
    )


class ShapeSettings(Frozen):
    """Where things stand in a service's messages."""

    query: Pointer | None = Field(default=None, description="the question, in the request")
    answer: Pointer | None = Field(default=None, description="the generated answer, in a plain answer")
    delta: Pointer | None = Field(default=None, description="a piece of the generated answer, in an event's data")
    documents: Pointer | None = Field(default=None, description="the retrieved documents, in a plain answer")
    event_documents: Pointer | None = Field(
        default=None, description="the retrieved documents, in the data of an event that has some"
    )
