"""/admin/explain: in the words of the enum."""

from gateway.cache.inspect import Held
from gateway.listeners.admin.explain import _explanation
from gateway.model.outcome import Outcome, Reason
from gateway.pipeline.explain import Explained
from tests.support.entries import make_entry, make_key

NOW = 1.7e9


def test_a_hit_names_its_tier() -> None:
    told = Explained(Outcome.HIT, None, [("a", "path"), ("b", "")], "b", "on", {}, b"1", b"2", (b"accept",))
    told.held = [Held(make_key("k"), make_entry(now=NOW), "disk")]
    said = _explanation(told, NOW).model_dump()
    assert (said["outcome"], said["tier"], said["ttl"], said["primary"], said["vary"]) == (
        "hit",
        "disk",
        600,
        "31",
        ["accept"],
    )
    assert said["tried"][0] == {"route": "a", "takes": False, "objection": "path"}


def test_an_entry_that_is_of_no_use_is_no_tier() -> None:
    told = Explained(Outcome.MISS, Reason.REQUEST_NO_CACHE, [("b", "")], "b", "on", {}, b"1", b"1")
    told.held = [Held(make_key("k"), make_entry(now=NOW), "memory")]
    said = _explanation(told, NOW)
    assert (said.tier, said.ttl, said.primary, len(said.entries)) == (None, None, None, 1)
    assert _explanation(Explained(Outcome.BYPASS, Reason.NO_ROUTE, []), NOW).key is None
