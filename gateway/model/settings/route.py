"""Settings of a route: which requests it takes, what makes two of them alike, how long an answer is used."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from gateway.model.settings.base import Condition, FieldName, Frozen, Name, Pattern, Pointer, Pointers
from gateway.model.settings.batch import BatchSettings
from gateway.model.settings.degrade import DegradeSettings
from gateway.model.settings.drift import DriftSettings
from gateway.model.settings.guards import BloomSettings, BudgetSettings
from gateway.model.settings.stated import StatedAnswer
from gateway.model.settings.stream import ShapeSettings, StreamSettings
from gateway.model.settings.warm import WarmSettings
from gateway.model.units import Duration, Jitter, JitterField, Percent, Size

Normalizer = Literal["nfkc", "casefold", "whitespace", "punctuation"]
Mode = Literal["off", "shadow", "on"]


class Match(Frozen):
    """Which requests a route takes. All that is stated must hold."""

    method: tuple[str, ...] = Field(default=(), description="methods; none stated: any")
    host: tuple[str, ...] = Field(default=(), description="Host without port, lower case; `*.example.org` allowed")
    path: str | tuple[str, ...] | None = Field(
        default=None,
        description="`/exact`, `/prefix/*`, `*/suffix` or `/kb/{kb_id}/ask`, or a list of them; none: any",
    )
    headers: dict[FieldName, Pattern] = Field(default={}, description="field name: pattern of its whole value")
    body: tuple[Condition, ...] = Field(default=(), description="conditions on the JSON body")

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths, any of which will do; () for any path at all."""
        if self.path is None:
            return ()
        return (self.path,) if isinstance(self.path, str) else self.path


class KeySettings(Frozen):
    """What makes two requests the same question."""

    body: Literal["all"] | Pointers = Field(default="all", description="the whole JSON, or these members only")
    ignore: Pointers = Field(default=(), description="members that never change the answer")
    defaults: dict[Pointer, Any] = Field(
        default={}, max_length=256, description="members that, when equal to this, are left out"
    )
    normalize: dict[Pointer, tuple[Normalizer, ...]] = Field(
        default={}, max_length=256, description="spelling that does not matter"
    )
    query: Literal["all", "none"] | tuple[str, ...] = Field(default="all", description="query parameters that count")
    query_ignore: tuple[str, ...] = Field(default=(), description="query parameters that do not count")
    headers: tuple[FieldName, ...] = Field(default=(), description="further fields that change the answer")
    identity: Literal["credentials", "shared"] | tuple[FieldName, ...] = Field(
        default="credentials",
        description="who may share an answer: those with the same credentials, everybody, or same named fields",
    )
    max_body: Size = Field(default=1 << 20, le=1 << 28, description="a larger request body bypasses the cache")


class CacheSettings(Frozen):
    """How long an answer is used."""

    rules: Literal["question", "http"] = Field(
        default="question",
        description="question: equal requests get equal answers, as the route says; "
        "http: GET and HEAD by RFC 9111, as the answers say (`cache: http` for short)",
    )
    mode: Mode = Field(default="on", description="shadow counts would-have-hits and serves none")
    ttl: Duration = Field(default=600.0, le=31_536_000, description="freshness lifetime")
    jitter: JitterField = Field(
        default=Jitter(share=0.1), description="random offset of ttl, so that not all expire at once"
    )
    l1_ttl: Duration = Field(default=60.0, description="a worker's own memory is trusted for this long at most")
    stale_while_revalidate: Duration = Field(default=60.0, description="served stale while one call asks anew")
    stale_if_error: Duration = Field(default=3600.0, description="served stale when the upstream fails")
    early_revalidation: Percent = Field(
        default=0,
        le=1000,
        description="answers in use are asked anew before their end, by how long they take to make: "
        "100% is usual (XFetch's beta of 1), more is earlier; 0%: not",
    )
    cache_control: Literal["respect", "ignore"] = Field(
        default="respect", description="does the upstream's Cache-Control shorten or forbid storing"
    )
    request_directives: Literal["respect", "ignore"] = Field(
        default="ignore", description="do the client's no-cache, no-store, max-age ... count"
    )
    statuses: tuple[Annotated[int, Field(ge=200, le=599)], ...] = Field(default=(200,), description="stored statuses")
    max_body: Size = Field(default=4 << 20, le=1 << 28, description="a larger answer is passed on and not stored")
    store_unless: tuple[Condition, ...] = Field(default=(), description="answers that must not be stored")
    finish: Literal["always", "wanted"] = Field(
        default="always",
        description="a call whose clients have all left goes on where its answer will be stored, or is given up",
    )
    replay_without: tuple[FieldName, ...] = Field(
        default=(
            "age", "alt-svc", "cf-ray", "openai-processing-ms", "request-id", "server-timing",
            "traceparent", "tracestate", "x-amzn-requestid", "x-amzn-trace-id", "x-correlation-id",
            "x-envoy-upstream-service-time", "x-ms-request-id", "x-process-time", "x-request-id",
            "x-response-time", "x-runtime", "x-trace-id",
        ),
        description="fields about one call, not about the answer: not replayed on hits (x-ratelimit-* neither)",
    )  # fmt: skip
    set_cookie: Literal["refuse", "strip", "keep"] = Field(
        default="refuse",
        description="rules: http: an answer that sets cookies is stored only where it says that it is for all, and "
        "without them; strip: without them; keep: with them",
    )
    targets: tuple[FieldName, ...] = Field(
        default=("cdn-cache-control",),
        description="rules: http: fields that stand above Cache-Control, the first one first (RFC 9213)",
    )

    @model_validator(mode="before")
    @classmethod
    def _by_http(cls, data: Any) -> Any:
        """By RFC 9111 it is the answer that says how long; the route's own figures only bound it."""
        return _HTTP | data if isinstance(data, dict) and data.get("rules") == "http" else data


_HTTP: dict[str, Any] = {
    "ttl": "30d",
    "jitter": "0s",
    "stale_while_revalidate": "30d",
    "stale_if_error": "30d",
    "request_directives": "respect",
}
"""What a route that follows RFC 9111 has where it states nothing else: bounds that seldom matter."""


class EmptySettings(Frozen):
    """When an answer says that there is nothing, and how long to believe it."""

    when: tuple[Condition, ...] = Field(default=(), description="any of these makes the answer an empty one")
    ttl: Duration = Field(
        default=90.0, le=3600, description="freshness lifetime of a null marker; 60s to 120s is usual"
    )
    answer: StatedAnswer | None = Field(
        default=None, description="what a question gets that a filter rejects (`bloom`); none: 404"
    )


class LeaseSettings(Frozen):
    """One upstream call per key over all workers and replicas that share an L2."""

    enabled: bool = Field(default=True, description="false: only inside one worker")
    ttl: Duration = Field(
        default=10.0,
        ge=1,
        le=600,
        description="a lease is renewed in time; its owner dead, it ends after this",
    )


class RouteSettings(Frozen):
    """Requests that are answered from the cache, and how."""

    name: Name = Field(description="in metrics, logs and Cache-Status; a preset brings its own")
    upstream: Name = Field(description="one of `upstreams`; may be left out where there is only one")
    match: Match = Match()
    key: KeySettings = KeySettings()
    cache: CacheSettings = CacheSettings()
    empty: EmptySettings = EmptySettings()
    bloom: BloomSettings = BloomSettings()
    lease: LeaseSettings = LeaseSettings()
    stream: StreamSettings = StreamSettings()
    shape: ShapeSettings = ShapeSettings()
    batch: BatchSettings = BatchSettings()
    degrade: DegradeSettings = DegradeSettings()
    drift: DriftSettings = DriftSettings()
    tags: tuple[str, ...] = Field(default=(), description="surrogate keys, as `doc:{/response/retrieved_docs/*/id}`")
    pass_tags: bool = Field(
        default=True,
        description="Surrogate-Key, xkey and Cache-Tag of answers go on to clients, such as a cache in front of us",
    )
    bypass_when: tuple[Condition, ...] = Field(default=(), description="requests that depend on more than themselves")
    budget: BudgetSettings = BudgetSettings()
    warm: WarmSettings = WarmSettings()
    priority: Literal["high", "normal", "low"] = Field(
        default="normal", description="who goes first where not all can; see the upstream's concurrency"
    )
