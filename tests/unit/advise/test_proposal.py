"""Proposal: the shortest lifetime that brings nearly all hits, the room it needs, and a file that `check` passes."""

import pytest

from gateway.advise.formats import NOWHERE, Place
from gateway.advise.proposal import SIZES, TTLS, configuration, propose
from gateway.config.load import parse
from gateway.policy.forecast import Forecast, Forecaster


def forecast_of(asked: list[tuple[int, float, int]]) -> Forecast:
    forecaster = Forecaster(TTLS, SIZES)
    for question in asked:
        forecaster.ask(*question)
    return forecaster.result()


# Asked each 200 s: a lifetime of 5 minutes halves the calls, one of a day leaves next to none.
REGULAR = forecast_of([(1 << 40, 200.0 * number, 1000) for number in range(400)])


def test_the_shortest_lifetime_with_nearly_all_hits_is_proposed() -> None:
    proposal = propose(REGULAR, 86_400, None)
    assert proposal.ttl == 3600
    assert proposal.hits == pytest.approx(1 - 23 / 400, abs=0.01)
    assert proposal.longest_hits == pytest.approx(1 - 1 / 400)
    assert proposal.at_once is None


def test_answers_get_no_older_than_they_may() -> None:
    assert propose(REGULAR, 300, None).ttl == 300
    assert propose(REGULAR, 1, None).ttl == TTLS[0]


def test_sizes_follow_from_what_is_kept() -> None:
    big = forecast_of([(number << 40, number / 10, 1 << 20) for number in range(1, 300)] * 3)
    proposal = propose(big, 86_400, 2.0)
    assert proposal.l1 <= proposal.l2
    assert proposal.l2 == 512 << 20


def test_what_is_under_way_at_once_follows_from_what_a_call_takes() -> None:
    forecast = forecast_of([(number << 40, number / 10, 1000) for number in range(1200)])
    proposal = propose(forecast, 86_400, 2.0)
    assert proposal.busiest == pytest.approx(10, rel=0.02)
    assert proposal.at_once == pytest.approx(20, rel=0.02)
    settings = parse(configuration(proposal, {NOWHERE: 1}), "advice", {}).settings
    assert settings.upstreams["rag"].concurrency.mode == "adaptive"
    assert settings.upstreams["rag"].concurrency.limit == 30


@pytest.mark.parametrize(
    "places",
    [
        {NOWHERE: 5},
        {Place("ask", "POST", "/rag"): 5, Place("ask", "POST", "/rag/"): 1, Place("openai-chat", "POST", "/v1/x"): 9},
        {Place("", "GET", "/search"): 3, Place("", "GET", "/a b: {c}\n"): 2},
        {Place("yes", "POST", "/*/{x}"): 1, Place("a: b\n- c", "POST", "/"): 7, Place("1.0", "M-SEARCH", "/1"): 1},
        {Place(f"route-{number}", "POST", "/rag"): number for number in range(100)},
    ],
)
def test_whatever_a_log_holds_the_file_is_right(places: dict[Place, int]) -> None:
    loaded = parse(configuration(propose(REGULAR, 86_400, 0.1), places), "advice", {})
    assert loaded.settings.routes
    assert all(route.cache.ttl == 3600 for route in loaded.settings.routes)
    assert loaded.settings.l2 is not None


def test_routes_keep_their_names_and_presets_are_said_as_such() -> None:
    places = {Place("ask", "POST", "/rag"): 2, Place("openai-chat", "POST", "/v1/chat/completions"): 9}
    text = configuration(propose(REGULAR, 86_400, None), places)
    assert "  - preset: openai-chat\n" in text
    assert '  - name: "ask"\n    match: {method: "POST", path: "/rag"}' in text
