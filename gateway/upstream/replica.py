"""Replica: one base URL of an upstream, how to connect to it, and what is known about it."""

import asyncio
from collections import Counter

from aiohttp.client_reqrep import ClientRequest
from yarl import URL

from gateway.model.replicas import ReplicaState
from gateway.model.settings.upstream import UpstreamSettings
from gateway.policy.balancing import seed_of
from gateway.policy.breaker import Breaker
from gateway.policy.ejection import Record


class Replica:
    """`authority` for Host, `prefix` before each target. well: its health checks do not say otherwise."""

    __slots__ = (
        "address", "authority", "breaker", "drained", "ejections", "key", "name", "pending", "prefix", "record",
        "seed", "url", "well",
    )  # fmt: skip

    def __init__(self, url: str, name: str, settings: UpstreamSettings) -> None:
        parsed = URL(url)
        self.url = url
        self.name = name
        self.authority = url.partition("://")[2].partition("/")[0].encode()
        self.prefix = parsed.raw_path.rstrip("/").encode()
        # The connector asks a request where to connect to; one that is never sent stands for all of ours.
        self.address = ClientRequest("GET", parsed, loop=asyncio.get_running_loop())
        self.key = self.address.connection_key
        self.seed = seed_of(name.encode())
        self.pending = 0
        self.well = True
        self.drained = False
        self.ejections = 0
        self.breaker = Breaker(settings.breaker)
        self.record = Record(settings.ejection)

    def state(self, now: float) -> ReplicaState:
        """What is known about it. now: monotonic seconds."""
        return ReplicaState(
            self.name,
            self.url,
            self.pending,
            self.well,
            now < self.record.until,
            self.drained,
            str(self.breaker.state),
            self.ejections,
        )


def replicas_of(settings: UpstreamSettings) -> tuple[Replica, ...]:
    """One for each URL. Its name is the URL without scheme; one that is stated again gets a number."""
    seen: Counter[str] = Counter()
    made = []
    for url in settings.urls:
        name = url.partition("://")[2].rstrip("/")
        seen[name] += 1
        made.append(Replica(url, name if seen[name] == 1 else f"{name}#{seen[name]}", settings))
    return tuple(made)
