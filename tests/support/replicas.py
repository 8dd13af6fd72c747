"""An upstream's replicas with a clock and a random that a test decides, and no connections."""

from collections.abc import Callable
from typing import Any

from gateway.model.settings.upstream import UpstreamSettings
from gateway.upstream.balance import Balance
from gateway.upstream.replica import Replica, replicas_of


class Rig:
    """`replicas` named a, b, c ...; `now` is moved by the test."""

    def __init__(self, count: int, random: Callable[[], float] = lambda: 0.0, **settings: Any) -> None:
        urls = tuple(f"http://{chr(ord('a') + index)}" for index in range(count))
        self.settings = UpstreamSettings.model_validate({"urls": urls, **settings})
        self.replicas = replicas_of(self.settings)
        self.balance = Balance("rag", self.replicas, self.settings, random)
        self.now = 1000.0

    def __getattr__(self, name: str) -> Replica:
        for replica in self.replicas:
            if replica.name == name:
                return replica
        raise AttributeError(name)

    def pick(self, **how: Any) -> Replica:
        return self.balance.pick(self.now, **how)

    def picked(self, times: int = 20, **how: Any) -> str:
        """Names of all that are picked in so many times, sorted."""
        return "".join(sorted({self.pick(**how).name for _ in range(times)}))

    def call(self, replica: Replica, outcome: int | None) -> None:
        """One whole call. outcome: a status, or None for no answer."""
        ticket = self.balance.began(replica, self.now)
        replica.pending -= 1
        if outcome is None:
            self.balance.silent(replica, ticket, self.now)
        elif not self.balance.answered(replica, ticket, outcome, self.now):
            self.balance.succeeded(replica, self.now)
