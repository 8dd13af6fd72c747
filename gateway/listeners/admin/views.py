"""Views: what one worker tells the others of itself, so that whoever serves the API can tell of all of them."""

from collections.abc import Sequence

from pydantic import BaseModel, Field


class Replica(BaseModel):
    """One base URL."""

    name: str
    url: str
    pending: int = Field(description="calls under way")
    healthy: bool = Field(description="its health checks say so, or there are none")
    ejected: bool = Field(description="calls go elsewhere for a while, since its answers were bad")
    drained: bool = Field(description="an operator has taken it out")
    breaker: str = Field(description="closed, open or half-open")
    ejections: int = Field(description="since the start")


class Turns(BaseModel):
    """How many calls it gets at once."""

    limit: int
    in_flight: int
    queued: int
    shed: int = Field(description="refused, since the start")


class UpstreamView(BaseModel):
    """One upstream."""

    name: str
    replicas: Sequence[Replica]
    retries: int = Field(description="since the start")
    retries_refused: int
    concurrency: Turns | None = Field(description="none: no limit")


class FilterView(BaseModel):
    """One route's filter of one kind."""

    route: str
    kind: str
    mode: str
    file: str | None
    loaded: bool = Field(description="whether it is in force")
    items: int
    capacity: int
    error_rate: float | None = Field(description="of strangers that are taken for known, as full as it is now")
    rejected: int = Field(description="requests, since the start")
    observed: int
    sampled: int
    empty: int = Field(description="of those let through: the upstream had nothing, as the filter had said")
    found: int = Field(description="of those let through: the filter was wrong")
    unknown: int
    refused_files: int


class TopEntry(BaseModel):
    """One of the most asked for."""

    key: str
    route: str
    path: str = Field(description="of a request for it, without the query")
    share: float = Field(description="of all requests, or of all time saved; 0 to 1")


class TopView(BaseModel):
    """weight: what the shares are of: samples, or seconds saved."""

    weight: float
    entries: list[TopEntry]


class WorkerView(BaseModel):
    """All of it."""

    worker: int
    pid: int
    entries: int = Field(description="in its memory")
    bytes: int
    upstreams: list[UpstreamView]
    filters: list[FilterView]
    hits: TopView
    saved: TopView
