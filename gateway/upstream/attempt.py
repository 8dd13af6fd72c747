"""Attempt: one call to one replica, from its beginning to its answer's last byte, told once to all who count it."""

from collections.abc import Callable
from typing import Protocol

from gateway.model.outcome import Reason
from gateway.upstream.balance import Balance
from gateway.upstream.replica import Replica

_ABANDONED = "abandoned"
_FAILED = frozenset(
    {Reason.UPSTREAM_UNREACHABLE, Reason.UPSTREAM_TIMEOUT, Reason.UPSTREAM_RESET, Reason.UPSTREAM_PROTOCOL}
)


class Listener(Protocol):
    """Who is told of calls."""

    def upstream_inflight(self, upstream: str, delta: int) -> None:
        """A call began (+1) or ended (-1)."""

    def upstream_call(self, upstream: str, result: str, seconds: float) -> None:
        """A call ended. result: `2xx` and the like, the Reason of its failure, or `abandoned`."""

    def upstream_batch(self, upstream: str, items: int) -> None:
        """A call for so many others is being sent."""


class Attempt:
    """Begins when it is made. Whoever makes it calls `end`, or hands it to a Reply, which does.

    blame: where no answer comes, the replica is at fault.
    """

    __slots__ = ("_answered", "_balance", "_clock", "_ended", "_failed", "_listener", "_name", "_replica", "_started",
                 "_ticket", "blame")  # fmt: skip

    def __init__(
        self,
        name: str,
        replica: Replica,
        balance: Balance,
        listener: Listener,
        clock: Callable[[], float],
        started: float,
    ) -> None:
        self._name = name
        self._replica = replica
        self._balance = balance
        self._listener = listener
        self._clock = clock
        self._started = started
        self.blame = True
        self._answered = self._failed = self._ended = False
        self._ticket = balance.began(replica, started)
        listener.upstream_inflight(name, 1)

    def answered(self, status: int) -> None:
        """The head of the final answer is here."""
        self._answered = True
        self._failed = self._balance.answered(self._replica, self._ticket, status, self._clock())

    def end(self, result: str) -> None:
        """It is over; only the first time counts."""
        if self._ended:
            return
        self._ended = True
        now = self._clock()
        self._replica.pending -= 1
        self._listener.upstream_inflight(self._name, -1)
        self._listener.upstream_call(self._name, result, now - self._started)
        failed = result in _FAILED
        if not self._answered:
            if failed and self.blame:
                self._balance.silent(self._replica, self._ticket, now)
            else:
                self._balance.unknown(self._replica, self._ticket, now)
        elif failed:
            if not self._failed:
                self._balance.broke_off(self._replica, now)
        elif not self._failed and result != _ABANDONED:
            self._balance.succeeded(self._replica, now)
