"""Balance: which replica is asked next, by what is known about each of them."""

import logging
import math
from collections.abc import Callable, Sequence

from gateway.model.errors import NoReplica
from gateway.model.outcome import Reason
from gateway.model.settings.upstream import UpstreamSettings
from gateway.policy.balancing import by_hash, seed_of, two_choices
from gateway.policy.breaker import BreakerState
from gateway.policy.ejection import may_eject
from gateway.upstream.replica import Replica

_log = logging.getLogger("ragfront.upstream")

_ASK_AGAIN = 5  # seconds, where nobody can know: an operator has drained all replicas
_IN_USE = "is in use again"


class Balance:
    """One upstream's. `now`: monotonic seconds. random: [0, 1).

    Never asked: who is drained, or whose breaker is open. Asked only where there is nobody else: who is ejected, or
    failed its health checks. All this is sorted out when something changes, not for each call.
    """

    def __init__(
        self, name: str, replicas: Sequence[Replica], settings: UpstreamSettings, random: Callable[[], float]
    ) -> None:
        self._name = name
        self._replicas = replicas
        self._settings = settings
        self._random = random
        self._hash = settings.balance.mode == "hash"
        self._told: dict[Replica, str] = {}
        self._askable: list[Replica] = []
        self._usable: list[Replica] = []
        self._sole: Replica | None = None
        self._changes_at = 0.0
        self._sort(0.0)

    def pick(self, now: float, affinity: bytes | None = None, but: Replica | None = None) -> Replica:
        """Who is asked. affinity: what like requests have alike. but: has just failed; asked only if it is alone.

        Raises NoReplica.
        """
        if self._sole is not None:
            return self._sole
        if now >= self._changes_at:
            self._sort(now)
        among = self._usable
        if but is not None:
            others = [replica for replica in among if replica is not but]
            among = others or [replica for replica in self._askable if replica is not but] or among
        if not among:
            raise self._nobody(now)
        if self._hash and affinity is not None:
            return by_hash(among, seed_of(affinity), self._settings.balance.bound)
        return two_choices(among, self._random)

    def began(self, replica: Replica, now: float) -> int:
        """A call to it begins. -> the breaker's ticket."""
        replica.pending += 1
        if replica.breaker.state is BreakerState.CLOSED:
            return 0
        ticket = replica.breaker.began(now)
        self._sort(now)
        return ticket

    def answered(self, replica: Replica, ticket: int, status: int, now: float) -> bool:
        """Its answer has begun. -> whether that is a failure."""
        before = replica.breaker.state
        replica.breaker.answered(ticket)
        if replica.breaker.state is not before:
            self._sort(now)
        if status not in self._settings.ejection.statuses:
            return False
        self._failed(replica, now)
        return True

    def silent(self, replica: Replica, ticket: int, now: float) -> None:
        """No answer came."""
        before = replica.breaker.state
        replica.breaker.failed(ticket, now)
        if replica.breaker.state is not before:
            self._sort(now)
        self._failed(replica, now)

    def broke_off(self, replica: Replica, now: float) -> None:
        """Its answer had begun, and was not whole."""
        self._failed(replica, now)

    def succeeded(self, replica: Replica, now: float) -> None:
        """Its answer is whole."""
        if len(self._replicas) > 1:
            replica.record.succeeded(now)

    def unknown(self, replica: Replica, ticket: int, now: float) -> None:
        """The call was given up, and says nothing about it."""
        if replica.breaker.state is not BreakerState.CLOSED:
            replica.breaker.unknown(ticket)
            self._sort(now)

    def checked(self, replica: Replica, well: bool, now: float) -> None:
        """Its health checks say something else than before."""
        replica.well = well
        self._sort(now)

    def drain(self, replica: Replica, drained: bool, now: float) -> None:
        """An operator takes it out, or lets it in again. Calls under way go on."""
        replica.drained = drained
        self._sort(now)

    def _failed(self, replica: Replica, now: float) -> None:
        if len(self._replicas) == 1 or not replica.record.failed(now):
            return
        out = sum(not other.well or now < other.record.until for other in self._replicas if other is not replica)
        if may_eject(out, len(self._replicas), self._settings.ejection.at_most):
            replica.record.eject(now)
            replica.ejections += 1
            self._sort(now)

    def _sort(self, now: float) -> None:
        """Who may be asked, and when that will change by itself."""
        replicas = self._replicas
        self._askable = [replica for replica in replicas if not replica.drained and replica.breaker.admits(now)]
        good = [replica for replica in self._askable if replica.well and now >= replica.record.until]
        self._usable = good or self._askable
        times = [replica.record.until for replica in replicas]
        times += [r.breaker.tries_at for r in replicas if r.breaker.state is BreakerState.OPEN]
        self._changes_at = min((time for time in times if time > now), default=math.inf)
        alone = len(replicas) == 1 and replicas[0].breaker.state is BreakerState.CLOSED and not replicas[0].drained
        self._sole = replicas[0] if alone else None
        for replica in replicas:
            self._tell(replica, now)

    def _tell(self, replica: Replica, now: float) -> None:
        """One line for each change."""
        if replica.drained:
            state = "is drained"
        elif replica.breaker.state is not BreakerState.CLOSED:
            state = f"is not asked: no answer to {self._settings.breaker.failures} calls in a row"
        elif not replica.well:
            state = "is out: it failed its health checks"
        elif now < replica.record.until:
            state = f"is out for {replica.record.until - now:.3g} s: its answers are bad"
        else:
            state = _IN_USE
        kind = state.partition(" for ")[0]
        if self._told.get(replica, _IN_USE) != kind:
            _log.log(logging.INFO if state is _IN_USE else logging.WARNING, "%s: %s %s", self._name, replica.url, state)
        self._told[replica] = kind

    def _nobody(self, now: float) -> NoReplica:
        waits = [replica.breaker.tries_at - now for replica in self._replicas if not replica.drained]
        if not waits:
            return NoReplica(self._name, "all its replicas are drained", Reason.DRAINED, _ASK_AGAIN)
        wait = max(1, math.ceil(min(waits)))
        return NoReplica(self._name, "gave no answers lately, and is left alone", Reason.BREAKER_OPEN, wait)
