"""Recall: the short way of a request, for what can be had at once: from memory, or from a store that does not suspend.

Nothing is set up for it, and nothing waits. What it cannot answer goes the ordinary way (`handle`), and takes along
what was found out. The steps that both ways have in common stand here, too.
"""

from collections.abc import Callable, Container

from gateway.cache.tiers import Tiers
from gateway.model.entry import Entry, EntryFlag
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.model.settings.route import RouteSettings
from gateway.pipeline import itemwise
from gateway.pipeline.flight import Flights
from gateway.pipeline.plan import Plan, Rule
from gateway.pipeline.question import Question
from gateway.policy import freshness, validators, variants
from gateway.policy.coding import takes
from gateway.policy.document import Document, parse
from gateway.policy.forwarding import loops
from gateway.policy.freshness import Verdict

Peek = Callable[[bytes, float, tuple[bytes, ...]], Entry | None]
Fits = Callable[[Entry], bool]


class Recall:
    """One worker's. plan: by which requests are read now. given_up: keys that everybody asks for himself."""

    def __init__(self, plan: Plan, tiers: Tiers, flights: Flights, given_up: Container[bytes]) -> None:
        self.plan = plan
        self._tiers = tiers
        self._flights = flights
        self._given_up = given_up
        self.by_http: Callable[[Exchange, Rule, bytes], Entry | None] = lambda x, rule, primary: None

    def recall(self, x: Exchange, question: Question | None = None) -> tuple[Question, Entry | None]:
        """The short way: what `x` asks, and the fresh entry that answers it as it is, if one can be had at once; or
        what a filter rejects it with.

        What happened stands in `x` then. Where there is none, `handle` takes the question, and what was asked for it.
        """
        question = question or self.question(x)
        rule = question.rule
        if rule is None or question.bypass is not None or rule.route.cache.mode != "on":
            return question, None
        if loops(x.request.fields, question.plan.forwarding.ident):
            return question, None
        if rule.http is not None:
            return question, self.by_http(x, rule, question.key)
        entry = look(x, rule, question.key, self._tiers.held)
        if entry is not None and x.now >= entry.hit_until:  # stale, or to be asked anew early
            return question, None
        if entry is None:
            if itemwise.listed(rule, x, question.document) is not None:
                return question, None
            if rule.bloom is not None:
                question.opinion = rule.bloom.ask(x.request, question.document, question.key, anew=False)
                if question.opinion.reason is not None:
                    return question, self._rejected_at_once(x, rule, question, question.opinion.reason)
            entry = self._look_at_once(x, rule, question)
        if (
            entry is None
            or (entry.flags & EntryFlag.STREAM and rule.route.stream.replay.pace != "at-once")
            or freshness.classify(entry, x.now) is not Verdict.FRESH
            or freshness.request_allows(rule.route, x.request, entry, x.now) is not None
            or (entry.coding and not takes(x.request, entry.coding))
            or validators.not_modified(x.request, entry)
        ):
            return question, None
        assert x.key is not None
        x.route = rule.route
        found(x, rule, entry, self._tiers.take(x.key, question.said, x.now, rule.route.cache.l1_ttl))
        return question, entry

    def _look_at_once(self, x: Exchange, rule: Rule, question: Question) -> Entry | None:
        """What a store that does not suspend has, where memory has nothing, and the ordinary way would ask it, too."""
        assert x.key is not None
        if not self._asks_store(x.key):
            return None

        def peek(key: bytes, now: float, named: tuple[bytes, ...]) -> Entry | None:
            entry = self._tiers.held(key, now, named)
            if entry is None and (said := self._tiers.at_once(key, now, named)) is not None:
                question.said[key] = said
                return said.entry
            return entry

        return look(x, rule, question.key, peek)

    def _rejected_at_once(self, x: Exchange, rule: Rule, question: Question, reason: Reason) -> Entry | None:
        """None where it is to be sent part by part; nothing has happened then."""
        entry = rejected(x, rule, question.document, reason)
        if entry.flags & EntryFlag.STREAM and rule.route.stream.replay.pace != "at-once":
            x.outcome, x.reason = Outcome.BYPASS, None
            return None
        x.route = rule.route
        self._tiers.count(found=False)
        return entry

    def seek(self, route: RouteSettings, key: bytes, now: float, fits: Fits) -> tuple[Entry, str] | None:
        """`recall` by a key that is known already: a fresh entry that fits, and its tier, where memory has nothing.

        None as well where the route has filters: what they ask about is not known here.
        """
        rule = self.plan.rule(route.name)
        if rule is None or rule.bloom is not None or self._tiers.held(key, now) is not None:
            return None
        said = self._tiers.at_once(key, now) if self._asks_store(key) else None
        if said is None or said.entry is None or now >= said.entry.fresh_until or not fits(said.entry):
            return None
        return said.entry, self._tiers.take(key, {key: said}, now, route.cache.l1_ttl)

    def _asks_store(self, key: bytes) -> bool:
        """Whether the store is there at once, and the ordinary way would open a flight and ask it."""
        return self._tiers.immediate and key not in self._given_up and not self._flights.joinable(key)

    def question(self, x: Exchange) -> Question:
        """The first three steps: whatever can be told without looking anywhere."""
        plan = self.plan
        document = parse(x.body) if x.readable and x.rest is None else None
        rule = plan.match(x.request, document)  # 1 route
        if rule is None:
            return Question(plan, None, Reason.NO_ROUTE)
        if rule.http is not None:
            return Question(plan, rule, None, rule.http.keyer.key(plan.forwarding.as_sent(x.request)))
        bypass = self._bypass(x, rule, document)  # 2 admit
        if bypass is not None or document is None:
            return Question(plan, rule, bypass or Reason.REQUEST_BODY_TOO_LARGE)
        return Question(plan, rule, None, rule.keyer.key(x.request, x.body, document), document)  # 3 key

    def _bypass(self, x: Exchange, rule: Rule, document: Document | None) -> Reason | None:
        reason = rule.admission.check_head(x.request)
        return reason if reason is not None or document is None else rule.admission.check_body(document)


def look(x: Exchange, rule: Rule, primary: bytes, peek: Peek, vary: tuple[bytes, ...] = ()) -> Entry | None:
    """What `peek` has: the variant that fits, where there are several.

    vary: what a flight has just found the answer to vary on, if its answer is not stored (yet).
    """
    x.key = primary
    entry = peek(primary, x.now, ())
    if entry is not None and entry.flags & EntryFlag.VARY:
        vary = variants.names(entry)
    if vary:
        x.key = rule.keyer.variant(primary, vary, x.request)
        entry = peek(x.key, x.now, (primary,))
    return entry


def found(x: Exchange, rule: Rule, entry: Entry, tier: str) -> None:
    """The story of a request that a stored answer does for."""
    if tier != "memory" and rule.bloom is not None and x.key is not None:
        rule.bloom.learn(x.key, entry)
    x.tier = tier
    x.ttl = freshness.ttl(entry, x.now)
    x.saved_seconds = entry.upstream_seconds
    if x.ttl < 0:
        x.outcome = Outcome.STALE
        x.reason = x.reason or Reason.REVALIDATING
    else:
        x.outcome = Outcome.EMPTY if entry.flags & EntryFlag.EMPTY else Outcome.HIT


def rejected(x: Exchange, rule: Rule, document: Document, reason: Reason) -> Entry:
    """It cannot exist: the route's empty answer, at once."""
    x.outcome, x.reason = Outcome.REJECTED, reason
    return rule.rejection.entry(document, x.now, reason, streams=rule.streaming.asked(x.request, document))
