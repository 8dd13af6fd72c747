"""Explain: what would become of a request, and why, told without asking anybody and without changing anything."""

from dataclasses import dataclass, field
from typing import Any

from gateway.cache.inspect import Held, Inspector
from gateway.model.entry import EntryFlag
from gateway.model.errors import StoreUnavailable
from gateway.model.exchange import Exchange
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.http_way import bypass
from gateway.pipeline.plan import Rule
from gateway.pipeline.question import Question
from gateway.policy import freshness, variants
from gateway.policy.coding import accepts, takes
from gateway.policy.freshness import Verdict
from gateway.policy.http.index import lines, pick
from gateway.policy.http.reuse import Fresh, MustValidate, StaleWhileRevalidate, reuse
from gateway.policy.http.rules import HttpRules


@dataclass(slots=True)
class Explained:
    """tried: each route up to the one that takes it, and which part of its `match` did not hold.

    canonical: what the key is made of, credentials masked. vary: fields on which the stored answers differ.
    filters: kind, mode, whether it is against. held: in which tiers the answer is; the first is used.
    """

    outcome: Outcome
    reason: Reason | None
    tried: list[tuple[str, str]]
    route: str | None = None
    mode: str | None = None
    canonical: dict[str, Any] | None = None
    primary: bytes = b""
    key: bytes = b""
    vary: tuple[bytes, ...] = ()
    filters: list[tuple[str, str, bool]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)


async def explain(x: Exchange, question: Question, inspector: Inspector) -> Explained:
    """x, question: a request as `Pipeline.question` reads it."""
    plan, rule = question.plan, question.rule
    tried = plan.tried(x.request, question.document)
    if rule is None:
        return Explained(Outcome.BYPASS, Reason.NO_ROUTE, tried)
    told = Explained(Outcome.BYPASS, question.bypass, tried, rule.route.name, rule.route.cache.mode)
    if question.bypass is not None:
        return told
    if rule.http is not None and (reason := bypass(x, rule)) is not None:
        told.reason = reason
        return told
    told.canonical = rule.keyer.canonical(x.request, x.body, question.document)
    told.primary = told.key = question.key
    try:
        told.held = await inspector.look(question.key)
        if told.held and told.held[0].entry.flags & EntryFlag.VARY:
            marker = told.held[0].entry
            told.vary = variants.names(marker)
            chosen = pick(lines(marker), x.request) if rule.http is not None else None
            told.key = chosen or rule.keyer.variant(question.key, told.vary, x.request)
            told.held = await inspector.look(told.key, (question.key,))
    except StoreUnavailable:
        told.reason = Reason.L2_DOWN
    if rule.bloom is not None:
        told.filters = rule.bloom.opinions(x.request, question.document, told.key)
    if rule.http is not None:
        _judge_by_http(told, x, rule.http)
    else:
        _judge(told, x, rule)
    return told


def _judge_by_http(told: Explained, x: Exchange, rules: HttpRules) -> None:
    """`_judge` on a route that follows RFC 9111: the first entry decides."""
    told.outcome = Outcome.MISS
    if not told.held:
        return
    entry = told.held[0].entry
    if not rules.may_have(x.request, entry):
        told.reason = Reason.AUTHORIZATION
    elif not accepts(x.request.fields.joined(b"accept-encoding"), entry.coding):
        told.outcome, told.reason = Outcome.BYPASS, Reason.CODING_NOT_ACCEPTED
    else:
        match reuse(x.request, entry, x.now, targets=rules.targets, listens=rules.listens):
            case Fresh():
                told.outcome = Outcome.HIT
            case StaleWhileRevalidate():
                told.outcome, told.reason = Outcome.STALE, Reason.REVALIDATING
            case MustValidate(reason):
                told.reason = reason


def _judge(told: Explained, x: Exchange, rule: Rule) -> None:
    """What a client would get, by the first entry that is of use."""
    if rule.route.cache.mode == "shadow":
        told.outcome, told.reason = Outcome.BYPASS, Reason.SHADOW
        return
    for held in told.held:
        entry = held.entry
        verdict = freshness.classify(entry, x.now)
        if verdict is Verdict.EXPIRED:
            continue
        if (refused := freshness.request_allows(rule.route, x.request, entry, x.now)) is not None:
            told.outcome, told.reason = Outcome.MISS, refused
            return
        if not takes(x.request, entry.coding):
            told.outcome, told.reason = Outcome.BYPASS, Reason.CODING_NOT_ACCEPTED
            return
        if verdict is Verdict.FRESH:
            told.outcome = Outcome.EMPTY if entry.flags & EntryFlag.EMPTY else Outcome.HIT
            return
        if verdict is Verdict.STALE_REVALIDATE:
            told.outcome, told.reason = Outcome.STALE, Reason.REVALIDATING
            return
    told.outcome = Outcome.MISS
    for kind, mode, against in told.filters:
        if against and mode == "enforce":
            told.outcome, told.reason = Outcome.REJECTED, Reason(f"bloom-{kind.replace('_', '-')}")
            return
