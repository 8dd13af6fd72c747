"""Settings: strict, frozen, and with the defaults that the design names."""

import pytest
from pydantic import ValidationError

from gateway.model.settings import Condition, RouteSettings, Settings
from gateway.model.units import Jitter

ROUTE = RouteSettings(name="r", upstream="u")


def test_a_route_that_states_nothing_gets_the_designs_figures():
    cache = ROUTE.cache
    assert (cache.ttl, cache.jitter, cache.l1_ttl) == (600, Jitter(share=0.1), 60)
    assert (cache.stale_while_revalidate, cache.stale_if_error, ROUTE.empty.ttl) == (60, 3600, 90)
    assert (ROUTE.key.identity, ROUTE.key.body) == ("credentials", "all")


@pytest.mark.parametrize(
    "change",
    [
        {"upstreams": {}},
        {"upstreams": {"a": {"urls": []}}},
        {"upstreams": {"a": {"urls": ["ftp://x"]}}},
        {"workers": 0},
        {"surprise": 1},
        {"routes": [{"name": "x y", "upstream": "a"}]},
        {"routes": [{"name": "x", "upstream": "a", "cache": {"tll": "1m"}}]},
        {"routes": [{"name": "x", "upstream": "a", "cache": {"ttl": "10 minutes"}}]},
        {"routes": [{"name": "x", "upstream": "a", "key": {"ignore": ["no-slash"]}}]},
    ],
)
def test_what_is_wrong_or_unknown_is_refused(change):
    with pytest.raises(ValidationError):
        Settings.model_validate({"upstreams": {"a": {"urls": ["http://a"]}}} | change)


def test_nothing_changes_after_construction():
    with pytest.raises(ValidationError):
        ROUTE.name = "other"


def test_a_condition_may_name_null():
    assert Condition.model_validate({"pointer": "/a", "is": None}).model_fields_set == {"pointer", "is_"}


def test_secrets_do_not_show():
    settings = Settings.model_validate(
        {
            "upstreams": {"a": {"urls": ["http://a"]}},
            "admin": {"token": "hush-token"},
            "l2": {"redis": {"url": "redis://r", "password": "hush-password"}},
        }
    )
    assert "hush" not in repr(settings)
