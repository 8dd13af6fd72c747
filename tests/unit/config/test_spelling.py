"""Short spellings and their long forms."""

import pytest

from gateway.config.spelling import fill_upstreams, spell_out
from gateway.model.settings.base import Condition
from gateway.model.settings.file import Settings
from gateway.model.settings.route import CacheSettings, KeySettings, Match


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ({"l2": "off"}, {"l2": None}),
        ({"l2": None}, {}),
        ({"l2": "redis://r"}, {"l2": {"redis": {"url": "redis://r"}}}),
        ({"l2": "rediss://r"}, {"l2": {"redis": {"url": "rediss://r"}}}),
        ({"l2": {"redis": "unix:///r"}}, {"l2": {"redis": {"url": "unix:///r"}}}),
        ({"l2": {"disk": "/x"}}, {"l2": {"disk": {"path": "/x"}}}),
        ({"l2": {}}, {"l2": {"disk": {}}}),
        ({"l2": {"read_timeout": "1s", "disk": None}}, {"l2": {"read_timeout": "1s", "disk": {}}}),
        ({"l2": "disk"}, {"l2": "disk"}),
        ({"upstreams": {"a": "http://a"}}, {"upstreams": {"a": {"urls": ["http://a"]}}}),
        ({"upstreams": {"a": ["http://a"]}}, {"upstreams": {"a": {"urls": ["http://a"]}}}),
        ({"upstreams": {"a": {"urls": "http://a"}}}, {"upstreams": {"a": {"urls": ["http://a"]}}}),
        ({"admin": {"listen": "off", "token": None}}, {"admin": {"listen": "off"}}),
        ({"workers": True}, {"workers": "true"}),
        ({"drain": 1.5}, {"drain": "1.5"}),
        ({"routes": None}, {}),
        ({"routes": {"name": "a"}}, {"routes": {"name": "a"}}),
        ({"unknown": None}, {"unknown": None}),
    ],
)
def test_settings(short: object, long: object) -> None:
    assert spell_out(short, Settings) == long


def test_one_scalar_stands_for_a_list_of_one() -> None:
    assert spell_out({"method": "POST", "host": "a"}, Match) == {"method": ["POST"], "host": ["a"]}
    assert spell_out({"statuses": 404}, CacheSettings) == {"statuses": [404]}
    assert spell_out({"normalize": {"/q": "nfkc"}}, KeySettings) == {"normalize": {"/q": ["nfkc"]}}
    assert spell_out({"body": {"pointer": "/a"}}, Match) == {"body": [{"pointer": "/a"}]}


def test_a_word_where_a_word_or_a_list_may_stand_stays_a_word() -> None:
    data = {"body": "al", "identity": "credental"}
    assert spell_out(data, KeySettings) == data


@pytest.mark.parametrize("value", [None, 1.5, True, {"a": None}, [None, 1.0]])
def test_free_json_stays_as_written(value: object) -> None:
    assert spell_out({"pointer": "/a", "is": value}, Condition) == {"pointer": "/a", "is": value}
    assert spell_out({"defaults": {"/a": value}}, KeySettings) == {"defaults": {"/a": value}}


@pytest.mark.parametrize("data", [3, "x", [], None, {"upstreams": 3, "routes": "x", "l2": 7}, {"upstreams": {"a": 3}}])
def test_what_does_not_fit_is_left(data: object) -> None:
    assert spell_out(data, Settings) == data


def test_the_only_upstream_is_filled_in() -> None:
    data = {"upstreams": {"a": "x"}, "routes": [{"name": "r"}, {"name": "s", "upstream": "b"}, 3]}
    assert fill_upstreams(data)["routes"] == [{"upstream": "a", "name": "r"}, {"upstream": "b", "name": "s"}, 3]
    assert fill_upstreams(data | {"upstreams": {"a": "x", "b": "y"}})["routes"] == data["routes"]
