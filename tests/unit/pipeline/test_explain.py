"""Explain: what the entries that there are would do for a request."""

import pytest

from gateway.cache.inspect import Held
from gateway.model.outcome import Outcome, Reason
from gateway.model.settings.route import RouteSettings
from gateway.pipeline.explain import Explained, _judge
from tests.support.entries import make_entry, make_key
from tests.support.exchanges import finished

NOW = 1.7e9


class OfRoute:
    """As much of a rule as is looked at."""

    def __init__(self, mode: str = "on") -> None:
        self.route = RouteSettings.model_validate({"name": "ask", "upstream": "rag", "cache": {"mode": mode}})


def judged(*entries, filters=(), mode="on") -> tuple[Outcome, Reason | None]:
    held = [Held(make_key("k"), entry, "memory") for entry in entries]
    told = Explained(Outcome.BYPASS, None, [], held=held, filters=list(filters))
    _judge(told, finished(), OfRoute(mode))  # type: ignore[arg-type]
    return told.outcome, told.reason


@pytest.mark.parametrize(
    ("age", "outcome", "reason"),
    [
        (0, "hit", None),
        (630, "stale", "revalidating"),
        (700, "miss", None),  # good only where the upstream fails
        (9000, "miss", None),
    ],
)
def test_by_age(age: float, outcome: str, reason: str | None) -> None:
    assert judged(make_entry(now=NOW - age)) == (outcome, reason)


def test_the_first_of_use_counts() -> None:
    assert judged(make_entry(now=NOW - 9000), make_entry(now=NOW)) == ("hit", None)
    assert judged() == ("miss", None)
    assert judged(make_entry(now=NOW), mode="shadow") == ("bypass", "shadow")
    assert judged(make_entry(now=NOW, coding=b"br")) == ("bypass", "coding-not-accepted")


def test_filters_are_asked_where_nothing_is_stored() -> None:
    against = [("vocabulary", "observe", True), ("seen_empty", "enforce", True)]
    assert judged(filters=against) == ("rejected", "bloom-seen-empty")
    assert judged(filters=against[:1]) == ("miss", None)
    assert judged(make_entry(now=NOW), filters=against) == ("hit", None)
