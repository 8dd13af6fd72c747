"""Apart: what is asked for one client alone, on a route by RFC 9111, and what its answer says of what is stored."""

from collections.abc import Callable
from dataclasses import replace

from gateway.cache.tiers import Lookup, Tiers
from gateway.model.entry import Entry, EntryFlag
from gateway.model.errors import UpstreamError
from gateway.model.exchange import Exchange
from gateway.model.fields import Fields
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline import calls
from gateway.pipeline.answer import Answer, FromReply, failed
from gateway.pipeline.http_parts import HttpParts
from gateway.pipeline.plan import Plan, Rule
from gateway.pipeline.voiding import Voiding
from gateway.policy.http.heard import heard
from gateway.policy.http.index import lines, pick
from gateway.policy.http.validation import HeadVerdict, head_freshens


class Apart:
    """One worker's. voiding: what becomes of unsafe requests. wall: Unix seconds."""

    def __init__(self, tiers: Tiers, parts: HttpParts, voiding: Voiding, wall: Callable[[], float]) -> None:
        self._tiers = tiers
        self._parts = parts
        self._voiding = voiding
        self._wall = wall

    async def relay(self, plan: Plan, x: Exchange, rule: Rule, reason: Reason, primary: bytes | None = None) -> Answer:
        """Ask for this client alone; what its answer says of what is stored is done.

        primary: of what a HEAD asks about, or a part belongs to.
        """
        request, prefix, version = x.request, b"", self._tiers.version
        head_only = primary is not None and request.method == b"HEAD"
        x.outcome, x.upstream = (Outcome.MISS if head_only else Outcome.BYPASS), rule.upstream.name
        x.reason, x.fwd = (None, "uri-miss") if head_only else (reason, "bypass")
        if reason is Reason.REQUEST_METHOD:
            x.fwd = "method"
        try:
            asks = x if primary is None else as_heard(plan, x, rule)
            reply = await plan.admit.fetch(rule.upstream, calls.for_relay(plan, asks, rule.upstream), request, x.route)
            if primary is not None and not head_only:
                prefix = await self._parts.keep(x, rule, rule.by_http, primary, reply, version)
                if x.stored:
                    x.outcome, x.reason, x.fwd = Outcome.MISS, None, "uri-miss"
        except UpstreamError as exc:
            return failed(x, exc)
        try:
            await self._voiding.after(plan, request, reply)
            if head_only and primary is not None:
                await self._compare(x, rule, primary, reply.head.status, reply.head.fields)
        except BaseException:  # its client has left
            reply.close()
            raise
        return FromReply(reply, prefix)

    async def find(self, x: Exchange, rule: Rule, primary: bytes) -> tuple[bytes, Entry | None, str]:
        """What the tiers have, however old, under which key, and in which tier."""
        key, l1_ttl = primary, rule.route.cache.l1_ttl
        looked = await self._tiers.find(primary, x.now, l1_ttl)
        if looked.entry is not None and looked.entry.flags & EntryFlag.VARY:
            key = pick(lines(looked.entry), x.request) or b""
            looked = await self._tiers.find(key, x.now, l1_ttl, named=(primary,)) if key else Lookup()
        entry = looked.entry
        if entry is None or not rule.by_http.may_have(x.request, entry):
            return primary, None, ""
        return key, entry, looked.tier

    async def _compare(self, x: Exchange, rule: Rule, primary: bytes, status: int, fields: Fields) -> None:
        """Freshen or end what is stored for GET by what HEAD has been told (section 4.3.5)."""
        rules = rule.by_http
        if not rules.for_all(x.request, fields):
            return
        key, entry, _ = await self.find(x, rule, primary)
        if entry is None or entry.status != 200:
            return
        now, l1_ttl = self._wall(), rule.route.cache.l1_ttl
        match head_freshens(Fields(entry.fields), fields, status=status, length=len(entry.body)):
            case HeadVerdict.FRESHEN:
                fresh = rules.freshened(entry, fields, now, 0.0, self._tiers.version)
                if fresh is not None:
                    self._tiers.keep(key, fresh, l1_ttl)
            case HeadVerdict.INVALIDATE:
                self._tiers.keep(key, rules.ended(entry, now), l1_ttl)
            case HeadVerdict.LEAVE:
                pass


def as_heard(plan: Plan, x: Exchange, rule: Rule) -> Exchange:
    """The exchange as its upstream hears of it, where the answer bears on what is stored."""
    trusted = plan.forwarding.is_trusted(x.request.peer)
    return replace(x, request=heard(x.request, trusted=trusted, keyed=rule.by_http.keyer.carried))
