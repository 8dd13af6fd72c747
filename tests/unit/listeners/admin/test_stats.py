"""/admin/stats: sums and ratios."""

from gateway.listeners.admin.stats import _stats
from gateway.observe.summary import Latency, Summary


def test_routes_and_the_whole() -> None:
    found = Summary(
        routes={"a": {"hit": 3.0, "miss": 1.0}, "-": {"bypass": 2.0}},
        latency={"hit": Latency([0.1], [3, 0], 0.1), "miss": Latency([0.1], [0, 1], 5.0)},
        saved_seconds={"a": 12.0},
        calls={"rag": {"2xx": 1.0}},
        tiers={"memory": {"entries": 1.0}},
    )
    told = _stats(found, 7.0)
    assert (told.at, told.hit_ratio, told.saved_seconds) == (7.0, 0.75, 12.0)
    assert told.requests == {"hit": 3.0, "miss": 1.0, "bypass": 2.0}
    assert told.routes["-"].hit_ratio is None
    assert told.latency is not None
    assert (told.latency.number, told.latency.counts) == (4, [3, 1])
    assert told.upstreams["rag"].latency is None
    assert _stats(Summary(), 0.0).latency is None


def test_shadow_and_drift_are_told_where_there_is_any() -> None:
    found = Summary(
        routes={"a": {"bypass": 4.0}, "b": {"hit": 1.0}},
        shadow={"a": {"hit": 3.0, "miss": 1.0}},
        shadow_saved={"a": 9.0},
        drift={"b": {"same": 1.0}},
        suggested_ttl={"b": 900.0},
    )
    routes = _stats(found, 7.0).routes
    shadow, drift = routes["a"].shadow, routes["b"].drift
    assert shadow is not None
    assert drift is not None
    assert (shadow.hit_ratio, shadow.saved_seconds) == (0.75, 9.0)
    assert (drift.compared, drift.suggested_ttl) == ({"same": 1.0}, 900.0)
    assert (routes["a"].drift, routes["b"].shadow) == (None, None)
