"""Fleet: who is alive, and which version each has acknowledged. A confirmation rests on nobody being left out.

A member counts until it has said goodbye, an operator has written it off, nothing was heard of it for `lost_after`,
or it is a process of this host that has ended. What is heard is judged by our own clock, since theirs may differ. A row
that is missing without a goodbye was lost with the ledger, and says nothing: whoever knows the member writes it back.
"""

import os
import socket
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import orjson

from gateway.control.store import Ledger


@dataclass(slots=True, frozen=True)
class Member:
    """A worker. since, seen: Unix seconds, by its own clock. acknowledged: what it knows of the ledger.

    place, born: where its pid means something, and which of the processes with that pid it is. gone: it has said
    goodbye, or was written off.
    """

    id: str
    host: str
    pid: int
    place: str
    born: str
    since: float
    seen: float
    acknowledged: int = 0
    gone: bool = False


class _Known(NamedTuple):
    member: Member
    heard: float  # monotonic seconds, when its row last changed


class Fleet:
    """One worker's view. clock: Unix seconds. monotonic: seconds. lost_after: seconds."""

    def __init__(
        self, ledger: Ledger, lost_after: float, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._ledger = ledger
        self._lost_after = lost_after
        self._clock = clock
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}
        self.me = _myself(clock())

    async def enroll(self, version: int) -> None:
        """Say that this worker lives, and has acknowledged a version. StoreUnavailable."""
        self.me = replace(self.me, seen=self._clock(), acknowledged=version, gone=False)
        await self._ledger.enroll(self.me.id, _row(self.me))

    async def goodbye(self) -> None:
        """This worker serves no more. StoreUnavailable."""
        self.me = replace(self.me, seen=self._clock(), gone=True)
        await self._ledger.enroll(self.me.id, _row(self.me))

    async def write_off(self, name: str) -> bool:
        """Have a member count no more, unless it comes back; False where there is none. StoreUnavailable."""
        await self._listen()
        known = self._known.get(name)
        if known is None or not self._counts(known):
            return False
        await self._ledger.enroll(name, _row(replace(known.member, gone=True)))
        return True

    async def members(self) -> list[Member]:
        """Those who count, the oldest first. StoreUnavailable."""
        await self._listen()
        return self.last_known()

    def last_known(self) -> list[Member]:
        """Those who count, as far as was heard."""
        counting = [known.member for known in self._known.values() if self._counts(known)]
        return sorted(counting, key=lambda member: (member.since, member.id))

    async def _listen(self) -> None:
        rows = await self._ledger.members()
        now = self._monotonic()
        for name, row in rows.items():
            member = _member(row)
            known = self._known.get(name)
            if member is not None and (known is None or known.member != member):
                self._known[name] = _Known(member, now)
        for name, known in list(self._known.items()):
            if now - known.heard > self._lost_after:
                del self._known[name]
                if name in rows:
                    await self._ledger.dismiss(name)
            elif name not in rows and self._counts(known):
                await self._ledger.enroll(name, _row(known.member), anew=False)

    def _counts(self, known: _Known) -> bool:
        member = known.member
        if member.gone or self._monotonic() - known.heard > self._lost_after:
            return False
        return not (self.me.place and member.place == self.me.place and _born(member.pid) != member.born)


def _myself(now: float) -> Member:
    pid = os.getpid()
    return Member(os.urandom(8).hex(), socket.gethostname(), pid, _place(), _born(pid), now, now)


def _place() -> str:
    """Names the processes among which a pid means one: this boot of this host, in this container. "" if unknown."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _born(pid: int) -> str:
    """When a process of this place began, in the kernel's ticks; "" where there is none, or it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in (b"Z", b"X") else fields[19].decode()


def _row(member: Member) -> bytes:
    return orjson.dumps(asdict(member))


def _member(row: bytes) -> Member | None:
    """None where it is no row of ours: of another version, or damaged."""
    try:
        return Member(**orjson.loads(row))
    except (ValueError, TypeError):
        return None
