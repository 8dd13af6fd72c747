"""Settings of the whole file: listeners, limits, forwarding, log; and all the others by name."""

from typing import Literal

from pydantic import Field

from gateway.model.settings.base import Frozen, Name
from gateway.model.settings.control import ControlSettings
from gateway.model.settings.route import RouteSettings
from gateway.model.settings.tiers import DiskSettings, HitLaneSettings, L1Settings, L2Settings
from gateway.model.settings.upstream import UpstreamSettings
from gateway.model.units import Duration, Size


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


class TokenSettings(Frozen):
    """Who may use the admin listener, beside the one with `admin.token`."""

    name: Name = Field(description="what the audit calls who shows it")
    token: str = Field(min_length=1, repr=False, description="bearer token")
    role: Literal["viewer", "operator"] = Field(default="viewer", description="viewers look, operators change, too")


class AdminSettings(Frozen):
    """The listener for metrics, health and control."""

    listen: str = Field(default="127.0.0.1:9090", description="host:port; `off` for none")
    token: str | None = Field(
        default=None,
        repr=False,
        description="bearer token of an operator, `admin`; with one, all but the probes ask for it; "
        "needed beyond loopback",
    )
    tokens: tuple[TokenSettings, ...] = Field(
        default=(), max_length=100, repr=False, description="further ones, each with a name and a role"
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
    control: ControlSettings = ControlSettings()
    routes: tuple[RouteSettings, ...] = Field(
        default=(), max_length=1000, description="the first that matches takes a request; none: streamed through"
    )
    limits: LimitSettings = LimitSettings()
    forwarding: ForwardingSettings = ForwardingSettings()
    log: LogSettings = LogSettings()
    drain: Duration = Field(default=30.0, description="on stop, running requests get so long to end")
    server_timing: bool = Field(default=True, description="add Server-Timing to answers of cached routes")
