"""Parts of answers by RFC 9111: kept as they come, served while they are fresh, whole once nothing is missing (3.4)."""

from collections.abc import Callable

from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry, EntryFlag, Windows
from gateway.model.exchange import Exchange
from gateway.pipeline.plan import Rule
from gateway.pipeline.recall import found
from gateway.policy.coding import accepts
from gateway.policy.freshness import coarse
from gateway.policy.http.combining import Fragment, combine, fragment
from gateway.policy.http.keys import parts_key
from gateway.policy.http.parts import about_the_whole, fragments, packed, served
from gateway.policy.http.reuse import Fresh, reuse
from gateway.policy.http.rules import HttpRules
from gateway.policy.storing import Store
from gateway.upstream.reply import Reply


def _no_jitter() -> float:
    return 0.0


class HttpParts:
    """One worker's. Two that keep parts at the same moment may lose one another's: a miss, and nothing worse.

    Parts of what varies, or of who bears credentials, are left alone: it would take an index as for whole answers.
    wall: Unix seconds.
    """

    def __init__(self, tiers: Tiers, wall: Callable[[], float]) -> None:
        self._tiers = tiers
        self._wall = wall

    async def serve(self, x: Exchange, rule: Rule, rules: HttpRules, primary: bytes) -> Entry | None:
        """The part that a request asks for, where it is held and fresh; else None."""
        if x.request.method != b"GET" or rules.personal(x.request):
            return None
        key = parts_key(primary)
        looked = await self._tiers.find(key, x.now, rule.route.cache.l1_ttl, named=(primary,))
        record = looked.entry
        if record is None or not accepts(x.request.fields.joined(b"accept-encoding"), record.coding):
            return None
        verdict = reuse(x.request, record, x.now, targets=rules.targets, listens=rules.listens)
        part = served(record, x.request) if isinstance(verdict, Fresh) else None
        if part is not None:
            x.key = key
            found(x, rule, part, looked.tier)
        return part

    async def keep(
        self, x: Exchange, rule: Rule, rules: HttpRules, primary: bytes, reply: Reply, version: int
    ) -> bytes:
        """Keep the part that has come for a request. What was read of its body for that: all, or nothing.

        version: of the ledger, when the upstream was asked. Raises UpstreamError where the body broke off.
        """
        head, limit = reply.head, rule.route.cache.max_body
        about = about_the_whole(head.fields)
        now = self._wall()
        if (
            head.status != 206
            or not reply.length
            or reply.length > limit
            or rules.personal(x.request)
            or rules.vary(head.fields)
            or not isinstance(rules.whole(x.request, 200, about, b"", now, _no_jitter), Store)
        ):
            return b""
        try:
            body = b"".join([piece async for piece in reply.chunks()])
        except BaseException:
            reply.close()
            raise
        part = fragment(head.status, head.fields, body)
        store = rules.whole(x.request, 200, about, body, now, _no_jitter)
        if part is not None and reply.whole and isinstance(store, Store) and (part.size or 0) <= limit:
            x.stored = await self._put(rule, rules, primary, part, self._entry(rule, store, now, version))
        return body

    async def _put(self, rule: Rule, rules: HttpRules, primary: bytes, part: Fragment, entry: Entry) -> bool:
        """Put it to what is held. entry: as of the whole, without a body. False where it is of no use."""
        key, l1_ttl = parts_key(primary), rule.route.cache.l1_ttl
        now = self._wall()
        whole = (await self._tiers.find(primary, now, l1_ttl)).entry
        record = (await self._tiers.find(key, now, l1_ttl, named=(primary,))).entry
        if record is not None and record.coding != entry.coding:  # services forget to say so in the tag, and in Vary
            record = None
        made = combine(fragments(record), part)
        varies = whole is not None and whole.flags & EntryFlag.VARY
        if varies or not self._tiers.sieve.leaves(entry, (key, primary)):
            return False
        if isinstance(made, bytes):
            entry.body = made
            self._tiers.forget(key)
            self._tiers.keep(primary, entry, l1_ttl)
            return True
        if sum(len(each.body) for each in made) > rule.route.cache.max_body:
            return False
        entry.body = packed(made)
        self._tiers.keep(key, entry, l1_ttl)
        return True

    def _entry(self, rule: Rule, store: Store, now: float, version: int) -> Entry:
        life = store.lifetimes
        fresh_for = coarse(life.fresh)
        return Entry.of(
            200,
            b"OK",
            store.fields,
            b"",
            coding=store.coding,
            route=rule.route.name,
            fresh_until=now + fresh_for,
            fresh_for=fresh_for,
            stale=Windows(life.stale_while_revalidate, life.stale_if_error, life.validated),
            initial_age=life.initial_age,
            tags=store.tags,
            version=version,
        )
