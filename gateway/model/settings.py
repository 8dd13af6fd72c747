"""Settings: everything an operator can say, frozen. Each field carries its meaning, default and limits.

The models are the documentation: `ragfront schema` and docs/configuration.md are made from them. Rules that
look at more than one field stand in `config/rules.py`, since only there the line of the mistake is known.
"""

import re
import warnings
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from gateway.model.units import Duration, Jitter, JitterField, Percent, Share, ShareField, Size

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Pointer = Annotated[str, StringConstraints(pattern=r"^(/([^/~]|~[01])*)*$")]
Pointers = Annotated[tuple[Pointer, ...], Field(max_length=256)]
Member = Annotated[str, StringConstraints(pattern=r"^(/([^/~*]|~[01])+)?$")]
Reference = Annotated[str, StringConstraints(pattern=r"^[^\s?#]{1,1024}$")]
PointerOrSegment = Annotated[str, StringConstraints(pattern=r"^((/([^/~]|~[01])*)+|\{[A-Za-z_][A-Za-z0-9_]*\})$")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", to_lower=True)]


def compile_pattern(value: Any) -> re.Pattern[str]:
    """A regular expression of Python's re. ValueError where it is none; never any other exception."""
    if isinstance(value, re.Pattern):
        return value
    if not isinstance(value, str):
        raise ValueError("expected a regular expression")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # re warns of doubtful spellings on standard error
            return re.compile(value)
    except (re.error, OverflowError, RecursionError) as exc:
        detail = exc.msg if isinstance(exc, re.error) else "too large"
        raise ValueError(f"expected a regular expression ({detail})") from None


Pattern = Annotated[re.Pattern[str], BeforeValidator(compile_pattern)]
Rate = Annotated[str, StringConstraints(pattern=r"^(off|[1-9][0-9]{0,5}/[smh])$")]
Payer = Annotated[str, StringConstraints(pattern=r"^(peer|credential|header [!#$%&'*+.^_`|~0-9A-Za-z-]+)$")]
Normalizer = Literal["nfkc", "casefold", "whitespace", "punctuation"]
Mode = Literal["off", "shadow", "on"]


class Frozen(BaseModel):
    """No unknown keys, no change after construction."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=False)


class Condition(Frozen):
    """One test of a JSON document. `*` in the pointer matches each member; one that passes is enough."""

    pointer: Pointer = Field(description="JSON Pointer (RFC 6901); a segment `*` stands for every member")
    is_: Any = Field(default=None, alias="is", description="the value equals this")
    is_not: Any = Field(default=None, description="the value is present and differs from this")
    in_: tuple[Any, ...] | None = Field(default=None, alias="in", description="the value equals one of these")
    exists: bool | None = Field(default=None, description="the pointer leads to a value, or to none")
    matches: Pattern | None = Field(default=None, description="the value is a string in which this matches")


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

    mode: Mode = Field(default="on", description="shadow counts would-have-hits and serves none")
    ttl: Duration = Field(default=600.0, le=31_536_000, description="freshness lifetime")
    jitter: JitterField = Field(
        default=Jitter(share=0.1), description="random offset of ttl, so that not all expire at once"
    )
    l1_ttl: Duration = Field(default=60.0, description="a worker's own memory is trusted for this long at most")
    stale_while_revalidate: Duration = Field(default=60.0, description="served stale while one call asks anew")
    stale_if_error: Duration = Field(default=3600.0, description="served stale when the upstream fails")
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


class EmptyAnswer(Frozen):
    """What a client gets at once for a question that, as a filter knows, has no answer. None stated: 404."""

    status: int = Field(default=200, ge=200, le=599, description="its status code")
    content_type: str = Field(default="application/json", description="its Content-Type; JSON, or any kind of text")
    body: Any = Field(
        default=None,
        description="JSON, or text where content_type says so; `{/query}` stands for that member of the request's body",
    )


class EmptySettings(Frozen):
    """When an answer says that there is nothing, and how long to believe it."""

    when: tuple[Condition, ...] = Field(default=(), description="any of these makes the answer an empty one")
    ttl: Duration = Field(
        default=90.0, le=3600, description="freshness lifetime of a null marker; 60s to 120s is usual"
    )
    answer: EmptyAnswer | None = Field(
        default=None, description="what a question gets that a filter rejects (`bloom`); none: 404"
    )


GuardMode = Literal["enforce", "observe", "off"]


class KnownSettings(Frozen):
    """All ids that there are: a request that names another has no answer."""

    mode: GuardMode = Field(default="observe", description="enforce rejects; observe only counts")
    file: str = Field(description="made by `ragfront bloom build --known`; followed when it is replaced")
    at: PointerOrSegment = Field(description="where the id stands: a JSON Pointer, or `{kb_id}` of match.path")


class VocabularySettings(Frozen):
    """All terms of the corpus: a query that shares none of them cannot retrieve anything."""

    mode: GuardMode = Field(default="observe", description="enforce rejects; observe only counts")
    file: str = Field(description="made by `ragfront bloom build --vocabulary`; followed when it is replaced")
    pointers: Pointers = Field(default=(), description="the query's text, in the request's body; none: shape.query")


class SeenEmptySettings(Frozen):
    """Questions whose answer was empty lately: remembered longer, and in less room, than null markers."""

    mode: GuardMode = Field(default="observe", description="enforce rejects; observe only counts")
    capacity: int = Field(
        default=100_000,
        ge=1_000,
        le=10_000_000,
        description="questions remembered by one worker, in all generations together, 4 bytes each",
    )
    generations: int = Field(default=4, ge=2, le=16, description="the oldest is forgotten when the newest is full")
    rotate: Duration = Field(
        default=900.0, ge=1, le=604_800, description="a new generation begins after this, too, full or not"
    )


class BloomSettings(Frozen):
    """Filters that know what cannot be found, so that it is not asked for. Several can be combined."""

    sample: ShareField = Field(
        default=Share(0.001), description="of what is to be rejected, let through to see whether there is something"
    )
    known: KnownSettings | None = Field(default=None, description="the ids that there are")
    vocabulary: VocabularySettings | None = Field(default=None, description="the terms that there are")
    seen_empty: SeenEmptySettings | None = Field(default=None, description="questions that came back empty")


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


class LeaseSettings(Frozen):
    """One upstream call per key over all workers and replicas that share an L2."""

    enabled: bool = Field(default=True, description="false: only inside one worker")
    ttl: Duration = Field(
        default=10.0,
        ge=1,
        le=600,
        description="a lease is renewed in time; its owner dead, it ends after this",
    )


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


class BudgetSettings(Frozen):
    """How many answers one client may have made for it. Only calls of the upstream count."""

    rate: Rate = Field(default="off", description="calls of the upstream per client, as 30/m (s, m, h); off: no limit")
    burst: int = Field(default=20, ge=1, le=100_000, description="calls that one who has been quiet may make at once")
    client: Payer = Field(
        default="peer",
        description="who is one client: peer (its address behind trusted proxies), credential, or header NAME",
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
    tags: tuple[str, ...] = Field(default=(), description="surrogate keys, as `doc:{/response/retrieved_docs/*/id}`")
    bypass_when: tuple[Condition, ...] = Field(default=(), description="requests that depend on more than themselves")
    budget: BudgetSettings = BudgetSettings()
    priority: Literal["high", "normal", "low"] = Field(
        default="normal", description="who goes first where not all can; see the upstream's concurrency"
    )


class TimeoutSettings(Frozen):
    """How long to wait for an upstream, phase by phase."""

    connect: Duration = Field(default=2.0, gt=0, description="until a connection stands (TLS included)")
    first_byte: Duration = Field(default=60.0, gt=0, description="from the request's last byte to the answer's head")
    first_event: Duration = Field(default=60.0, gt=0, description="from a stream's head to its first event")
    idle: Duration = Field(default=60.0, gt=0, description="between two bytes of the body")
    total: Duration = Field(default=600.0, description="for one call, streams included; 0: no limit")


class PoolSettings(Frozen):
    """The connections of one worker to one upstream."""

    connections: int = Field(default=256, ge=1, le=65536, description="open connections at most; further calls wait")
    keepalive: Duration = Field(
        default=15.0, description="idle connections are kept so long; less than the upstream's own"
    )
    dns_ttl: Duration = Field(default=30.0, description="resolved addresses are kept so long")


class TlsSettings(Frozen):
    """How to speak TLS to an upstream or to Redis."""

    verify: bool = Field(default=True, description="check the certificate")
    ca: str | None = Field(default=None, description="file of trusted certificates; none: the system's")
    cert: str | None = Field(default=None, description="our certificate, for mutual TLS")
    key: str | None = Field(default=None, description="its private key")


class ConcurrencySettings(Frozen):
    """How many calls an upstream gets at once from this gateway, all workers together."""

    mode: Literal["off", "fixed", "adaptive"] = Field(
        default="off", description="fixed: at most `limit`; adaptive: as many as it bears, learned from its answers"
    )
    limit: int = Field(default=16, ge=1, le=65536, description="calls at once; where adaptive begins")
    min: int = Field(default=1, ge=1, le=65536, description="adaptive goes no lower")
    max: int = Field(default=256, ge=1, le=65536, description="adaptive goes no higher")
    queue: int = Field(default=64, ge=0, le=65536, description="requests that wait for their turn at most")
    wait: Duration = Field(default=2.0, le=600, description="who cannot expect a turn within this is refused at once")
    priority_header: FieldName | None = Field(
        default=None, description="a field that says high, normal or low; none: the route's priority"
    )


class BalanceSettings(Frozen):
    """Which replica is asked."""

    mode: Literal["least-pending", "hash"] = Field(
        default="least-pending",
        description="of two picked at random, the one with fewer calls under way; or hash: like requests, same replica",
    )
    pointer: Pointer | None = Field(
        default=None,
        description="hash: requests are alike whose JSON bodies have this alike, as /messages; none: the cache key",
    )
    prefix: Size = Field(
        default=1024, ge=1, le=1 << 20, description="hash: only so many bytes of it count, from its beginning"
    )
    bound: Percent = Field(
        default=125,
        ge=100,
        le=1000,
        description="hash: a replica with more than this share of the average of calls under way passes new ones on",
    )


HEALTH_PATH = r"^/[!-~]*$"


class HealthSettings(Frozen):
    """Asking each replica now and then whether it is well. Each worker asks for itself."""

    path: Annotated[str, StringConstraints(pattern=HEALTH_PATH)] | None = Field(
        default=None, description="asked with GET, from the host's root; none: no checks"
    )
    interval: Duration = Field(default=5.0, ge=0.1, le=3600, description="between two checks, +- 10 %")
    timeout: Duration = Field(default=1.0, gt=0, le=600, description="a check that takes longer has failed")
    statuses: tuple[Annotated[int, Field(ge=200, le=599)], ...] = Field(
        default=(200,), min_length=1, description="of an answer that says: well"
    )
    healthy: int = Field(default=2, ge=1, le=100, description="so many passed in a row bring a replica back")
    unhealthy: int = Field(default=3, ge=1, le=100, description="so many failed in a row put it out of use")


class EjectionSettings(Frozen):
    """Calls go elsewhere for a while where a replica's answers are bad. With one replica only, nothing is ejected."""

    statuses: tuple[Annotated[int, Field(ge=400, le=599)], ...] = Field(
        default=(500, 502, 503, 504), description="answers that count as failures, as those that break off do"
    )
    failures: int = Field(default=5, ge=0, le=10_000, description="so many in a row; 0: any number")
    share: Percent = Field(default=50, le=100, description="this share of the calls in a window; 0%: any share")
    window: Duration = Field(default=30.0, ge=1, le=3600, description="over which the share is taken")
    min_calls: int = Field(default=20, ge=1, le=1_000_000, description="with fewer in a window, its share says nothing")
    first: Duration = Field(default=10.0, gt=0, le=3600, description="out for so long, and twice as long each time")
    longest: Duration = Field(default=300.0, gt=0, le=86_400, description="never longer than this")
    at_most: Percent = Field(
        default=50, le=100, description="of all replicas, not more than this share is put out; 0%: none"
    )


class BreakerSettings(Frozen):
    """A replica that gives no answers is not asked at all for a while, and then by a few first."""

    failures: int = Field(default=10, ge=0, le=10_000, description="calls without an answer, in a row; 0: never")
    open: Duration = Field(default=5.0, gt=0, le=3600, description="not asked for so long")
    probes: int = Field(default=1, ge=1, le=100, description="then so many may try, and all must get an answer")


class RetrySettings(Frozen):
    """Calls that are sent once more: no connection, or a kept one that died before a byte came back.

    What may be spent on them is saved up: `share` of a retry with each call, and `floor` of them in a second.
    """

    share: Percent = Field(default=10, le=10, description="calls on top of all others")
    floor: int = Field(default=1, ge=0, le=1000, description="retries in a second that are free")
    burst: int = Field(default=10, ge=0, le=10_000, description="saved up at most; and what there is at the start")


class UpstreamSettings(Frozen):
    """A service that answers."""

    urls: tuple[Annotated[str, StringConstraints(pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$")], ...] = Field(
        min_length=1, description="base URLs of its replicas, `http://rag:8000`"
    )
    host: Literal["pass", "rewrite"] = Field(default="pass", description="the client's Host, or the URL's")
    timeouts: TimeoutSettings = TimeoutSettings()
    pool: PoolSettings = PoolSettings()
    concurrency: ConcurrencySettings = ConcurrencySettings()
    tls: TlsSettings = TlsSettings()
    balance: BalanceSettings = BalanceSettings()
    health: HealthSettings = HealthSettings()
    ejection: EjectionSettings = EjectionSettings()
    breaker: BreakerSettings = BreakerSettings()
    retries: RetrySettings = RetrySettings()


class L1Settings(Frozen):
    """The memory tier of one worker."""

    max_bytes: Size = Field(default=256 << 20, description="bodies, fields and bookkeeping together")


class HitLaneSettings(Frozen):
    """Hits that are answered on the spot, in up to three steps; each can be switched off."""

    memo: bool = Field(default=True, description="request bytes that were answered before from memory are known again")
    fold: bool = Field(
        default=True, description="requests that differ from a known one only in trace ids and the like are known, too"
    )
    parse: bool = Field(
        default=True, description="other requests are read and looked up in memory before anything is set up for them"
    )
    max_bytes: Size = Field(
        default=16 << 20, description="request bytes remembered by one worker, for each of memo and fold"
    )


class DiskSettings(Frozen):
    """The embedded L2."""

    path: str = Field(default=".ragfront/cache", description="a folder; made where it is missing")
    max_bytes: Size = Field(default=1 << 30, ge=1 << 20, description="the map's size; the soonest to expire go first")


class RedisSettings(Frozen):
    """A distributed L2."""

    url: str = Field(repr=False, description="redis://, rediss:// or unix:// URL")
    cluster: bool = Field(default=False, description="the server is a Redis Cluster")
    sentinel: str | None = Field(
        default=None, description="name of the master; the URL's host and `sentinels` are Sentinels"
    )
    sentinels: tuple[str, ...] = Field(default=(), description="further Sentinels, host:port")
    username: str | None = Field(default=None, description="ACL user; none: the default user")
    password: str | None = Field(default=None, repr=False, description="better as ${REDIS_PASSWORD}")
    prefix: str = Field(default="ragfront:", description="of every key")
    connections: int = Field(default=16, ge=1, le=1024, description="open connections of one worker at most")
    tls: TlsSettings = TlsSettings()


class L2Settings(Frozen):
    """The tier behind memory. None stated: disk."""

    disk: DiskSettings | None = Field(default=None, description="embedded, shared by the workers of one host")
    redis: RedisSettings | None = Field(default=None, description="shared by all replicas: a Redis URL or a mapping")
    read_timeout: Duration = Field(default=0.05, gt=0, description="a read that takes longer is a miss")
    compress_over: Size = Field(default=1024, description="larger bodies are stored as zstd")


class LimitSettings(Frozen):
    """What one client may use up."""

    header_bytes: Size = Field(
        default=64 << 10, ge=1024, le=1 << 20, description="request line and fields; over it: 431"
    )
    header_count: int = Field(default=200, ge=10, le=10_000, description="field lines; over it: 431")
    target_bytes: Size = Field(default=16 << 10, ge=256, le=1 << 20, description="request target; over it: 414")
    body: Size = Field(default=0, description="request body; over it: 413; 0: no limit")
    connections: int = Field(
        default=10_000, ge=1, description="open client connections of one worker; further ones wait"
    )
    header_read: Duration = Field(
        default=15.0, gt=0, description="from a request's first byte to its head's end; over it: 408"
    )
    body_read: Duration = Field(default=60.0, gt=0, description="between two bytes of a request body; over it: 408")
    idle: Duration = Field(default=75.0, gt=0, description="a connection without a request is closed after this")
    send: Duration = Field(default=60.0, gt=0, description="a client that takes no byte for so long is cut off")


class ForwardingSettings(Frozen):
    """What upstreams and clients are told about the way."""

    via: Literal["request", "both", "off"] = Field(default="request", description="add Via (RFC 9110 section 7.6.3)")
    x_forwarded: bool = Field(default=True, description="add X-Forwarded-For, -Proto and -Host")
    forwarded: bool = Field(default=False, description="add Forwarded (RFC 7239)")
    trusted: tuple[str, ...] = Field(
        default=(),
        description="peers (addresses, networks, `unix`) whose incoming ones are kept; other peers' are dropped",
    )


class LogSettings(Frozen):
    """What is written to standard error and to the access log."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="of the messages on standard error"
    )
    access: str | None = Field(default=None, description="access log: a file, `-` for standard output, none: off")


class AdminSettings(Frozen):
    """The listener for metrics, health and control."""

    listen: str = Field(default="127.0.0.1:9090", description="host:port; `off` for none")
    token: str | None = Field(
        default=None, repr=False, description="bearer token that all but the probes ask for; needed beyond loopback"
    )


class Settings(Frozen):
    """The whole file."""

    listen: str = Field(default="127.0.0.1:8080", description="host:port, [ipv6]:port or unix:/path")
    workers: int = Field(
        default=0, ge=0, le=256, description="processes that share the port; 0: one for each core that they may use"
    )
    upstreams: dict[Name, UpstreamSettings] = Field(
        min_length=1, description="the services that answer, by name: a URL, a list of URLs or a mapping"
    )
    default_upstream: Name | None = Field(default=None, description="takes what no route claims; none: the first")
    admin: AdminSettings = AdminSettings()
    l1: L1Settings = L1Settings()
    hit_lane: HitLaneSettings = HitLaneSettings()
    l2: L2Settings | None = Field(
        default=L2Settings(disk=DiskSettings()), description="`off` for none, a Redis URL, or a mapping"
    )
    routes: tuple[RouteSettings, ...] = Field(
        default=(), max_length=1000, description="the first that matches takes a request; none: streamed through"
    )
    limits: LimitSettings = LimitSettings()
    forwarding: ForwardingSettings = ForwardingSettings()
    log: LogSettings = LogSettings()
    drain: Duration = Field(default=30.0, description="on stop, running requests get so long to end")
    server_timing: bool = Field(default=True, description="add Server-Timing to answers of cached routes")
