"""Settings of what clients get where the answer is late, or there is none."""

from typing import Any, Literal

from pydantic import Field

from gateway.model.settings.base import Frozen, Name, Pointer, Pointers, Target
from gateway.model.settings.stated import StatedAnswer
from gateway.model.units import Duration

Rung = Literal["stale", "docs", "static"]


class RetrievalSettings(Frozen):
    """The service's own endpoint for documents without an answer. Asked with the client's credentials."""

    upstream: Name | None = Field(default=None, description="one of `upstreams`; none: the route's")
    method: Literal["GET", "POST"] = Field(default="POST", description="its method")
    path: Target = Field(
        description="its path; `{/kb_id}` stands for that member of the request's body, `{query}` for the question"
    )
    body: Any = Field(
        default=None,
        description='JSON, such as `{query: "{query}"}`; `{query}` is what `shape.query` leads to; none: no body',
    )
    documents: Pointer = Field(default="", description="where the documents stand in its answer; none: all of it")
    timeout: Duration = Field(default=1.0, gt=0, le=60, description="for the whole call")
    most: int = Field(
        default=64, ge=1, le=10_000, description="calls of one worker at once; they take no turn of concurrency"
    )


class DocsSettings(Frozen):
    """The retrieved documents in the place of the generated answer."""

    request: RetrievalSettings | None = Field(default=None, description="where documents are asked for; none: nowhere")
    hedge_at: Duration | None = Field(
        default=None, description="asked for when the answer has not come by then; none: half of `after`"
    )
    remember: Duration = Field(
        default=86_400.0, le=31_536_000, description="documents of earlier answers are kept for so long; 0: not at all"
    )
    text: Pointers = Field(
        default=(), description="where a document's text stands, the first that is there; none: where it usually does"
    )
    answer: StatedAnswer | None = Field(
        default=None,
        description="`{documents}` stands for the list, `{text}` for their texts; none: made from `shape`",
    )


class DegradeSettings(Frozen):
    """What to give instead where the answer is late, the upstream has failed, or was not asked to protect it."""

    after: Duration = Field(
        default=0.0, le=600, description="until an answer, or a stream's first event; 0: only where there is none"
    )
    ladder: tuple[Rung, ...] = Field(default=("stale",), description="the first of these that there is")
    docs: DocsSettings = DocsSettings()
    static: StatedAnswer | None = Field(default=None, description="what is always there")
