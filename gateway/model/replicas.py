"""What is known about an upstream's replicas now, for whoever tells of it."""

from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class ReplicaState:
    """One replica as one worker sees it.

    name: unique in its upstream, made of its URL alone. pending: calls under way. healthy: its health checks say so,
    or there are none. ejected: calls go elsewhere, where there is an elsewhere. drained: an operator took it out.
    breaker: closed, open or half-open. ejections: how often it was ejected, since the start.
    """

    name: str
    url: str
    pending: int
    healthy: bool
    ejected: bool
    drained: bool
    breaker: str
    ejections: int


@dataclass(slots=True, frozen=True)
class UpstreamState:
    """One upstream. retries, retries_refused: how many the budget allowed, and how many not, since the start."""

    name: str
    replicas: tuple[ReplicaState, ...]
    retries: int
    retries_refused: int
