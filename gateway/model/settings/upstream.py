"""Settings of a service that answers: its replicas, time-outs, pool, limits and health."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from gateway.model.settings.base import FieldName, Frozen, Pointer, Target, TlsSettings
from gateway.model.units import Duration, Percent, Size


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


class HealthSettings(Frozen):
    """Asking each replica now and then whether it is well. Each worker asks for itself."""

    path: Target | None = Field(default=None, description="asked with GET, from the host's root; none: no checks")
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
