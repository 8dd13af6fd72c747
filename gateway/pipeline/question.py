"""Question: what a request asks, and what was found out about it before it goes the ordinary way."""

from dataclasses import dataclass, field

from gateway.cache.tiers import Said
from gateway.guard.bloom import Opinion
from gateway.model.outcome import Reason
from gateway.pipeline.plan import Plan, Rule
from gateway.policy.document import EMPTY, Document


@dataclass(slots=True)
class Question:
    """What a request asks, as far as its own bytes tell.

    plan: by which it was read. rule: its route's; None where no route takes it. bypass: why it is not looked up.
    key: before Vary; b"" where it bypasses. document: its body.
    said: what a store that does not suspend has told on the short way, by key. opinion: what the filters said there.
    """

    plan: Plan
    rule: Rule | None
    bypass: Reason | None
    key: bytes = b""
    document: Document = EMPTY
    said: dict[bytes, Said] = field(default_factory=dict)
    opinion: Opinion | None = None

    def take_said(self) -> dict[bytes, Said]:
        """What the store has told, once: a moment later it is to be asked anew."""
        said, self.said = self.said, {}
        return said
