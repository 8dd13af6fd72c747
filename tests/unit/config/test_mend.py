"""What is broken is taken out so that the rest can be looked at."""

from typing import Any

import pytest

from gateway.config.mend import mend
from gateway.config.places import Path, Problem
from gateway.model.settings.file import Settings
from tests.support.config_text import problems


def validate(data: Any) -> tuple[Settings | None, list[Problem]]:
    """Good once nothing in it is called bad."""
    if "bad" in str(data):
        return None, [Problem(("still",), "bad")]
    return Settings.model_validate(data), []


@pytest.mark.parametrize(
    ("data", "broken"),
    [
        ({"listen": "bad"}, ("listen",)),
        ({"routes": [{"name": "a", "upstream": "u", "tags": ["bad"]}]}, ("routes", 0, "tags", 0)),
        ({"routes": [{"name": "bad", "upstream": "u"}]}, ("routes", 0, "name")),
        ({"routes": ["bad"]}, ("routes", 0)),
        ({"upstreams": {"u": "bad"}}, ("upstreams", "u")),
        ({"upstreams": "bad"}, ("upstreams",)),
        ({"upstreams": {"u": {"urls": ["bad"]}}}, ("upstreams", "u", "urls", 0)),
    ],
)
def test_the_rest_is_good(data: Any, broken: Path) -> None:
    whole = {"upstreams": {"u": {"urls": ["http://u"]}}} | data
    before = str(whole)
    assert mend(whole, [broken], validate) is not None
    assert str(whole) == before


def test_what_has_no_end_is_given_up() -> None:
    assert mend({"listen": "bad"}, [("other",)], validate) is None


def test_rules_are_told_in_the_same_run_as_wrong_types() -> None:
    found = problems(
        """
        listen: 127.0.0.1:x
        workers: many
        default_upstream: rog
        upstreams:
          rag: {urls: http://rag, timeouts: {connect: soon}}
        routes:
          - {name: a, match: {method: post}, cache: {ttl: x}}
          - {name: a}
          - {upstream: zzz, match: {path: x}}
        """
    )
    assert [problem.split(": ")[:2] for problem in found] == [
        ["1", "listen"],
        ["2", "workers"],
        ["3", "default_upstream"],
        ["5", "upstreams.rag.timeouts.connect"],
        ["7", "routes[0].cache.ttl"],
        ["7", "routes[0].match.method[0]"],
        ["8", "routes[1].name"],
        ["9", "routes[2].name"],
        ["9", "routes[2].upstream"],
        ["9", "routes[2].match"],
        ["9", "routes[2].match.path"],
    ]


def test_no_rule_speaks_of_what_was_taken_out() -> None:
    found = problems(
        """
        admin: {listen: 0.0.0.0:9090, token: [1]}
        routes:
          - {name: a, match: {path: [1]}}
          - {name: b, match: {path: /b}, upstream: r!}
        upstreams: {rag: http://rag, r!: http://r}
        """
    )
    assert sorted(problem.split(": ")[1] for problem in found) == [
        "admin.token",
        "routes[0].match.path[0]",
        "routes[0].upstream",
        "routes[1].upstream",
        'upstreams["r!"]',
    ]
