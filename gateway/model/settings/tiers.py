"""Settings of where answers are kept: memory, the hit lane, disk, Redis."""

from pydantic import Field

from gateway.model.settings.base import Frozen, TlsSettings
from gateway.model.units import Duration, Size


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
        default=True,
        description="other requests are read and looked up (memory, disk) before anything is set up for them",
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
    compress_over: Size = Field(
        default=4096, description="larger bodies are stored as zstd: less room, and 5 us more for each hit"
    )
