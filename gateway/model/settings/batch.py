"""Settings of requests that hold many items."""

from pydantic import Field

from gateway.model.settings.base import Frozen, Member, Reference
from gateway.model.units import Duration, Size


class BatchSettings(Frozen):
    """Many items in one upstream call, each of them cached as if it had been asked alone.

    A request holds one item at `items`, or a list of them; without `list`, an item is a text or a list of token ids.
    """

    items: Member | None = Field(
        default=None, description="in a request: its item, or its list of items, such as /input; none: no batches"
    )
    ending: Reference | None = Field(
        default=None, description="only requests whose path ends so, such as /invoke; none: all of the route's"
    )
    parts: Member = Field(default="", description="in an answer to a list: the list of parts; empty: the whole answer")
    index: Member | None = Field(default=None, description="in a part: the number of its item; none: they are in order")
    usage: tuple[Member, ...] = Field(
        default=(), max_length=16, description="figures of an answer that add up over its parts, such as /usage"
    )
    whole: tuple[Member, ...] = Field(
        default=(),
        max_length=16,
        description="what else of an answer each part's needs, alike in all; further members are left out",
    )
    window: Duration = Field(
        default=0.005,
        le=1,
        description="single calls gather for so long and go upstream as one; 0: they do not",
    )
    path: Reference | None = Field(
        default=None, description="where several go, if elsewhere: a path, or relative to the request's, such as batch"
    )
    list: Member | None = Field(
        default=None,
        description="where several stand in a request, if not at `items`, which then holds one",
    )
    part: Member | None = Field(
        default=None, description="where the part stands in the answer to one item, if not in a list at `parts`"
    )
    max_items: int = Field(default=128, ge=2, le=16_384, description="items of one upstream call at most")
    max_list: int = Field(
        default=2048, ge=1, le=16_384, description="a longer list is asked and cached whole, as any other question"
    )
    max_body: Size = Field(default=32 << 20, le=1 << 28, description="a larger answer to several is not taken apart")
