"""Settings: strict, frozen, and with the defaults that the design names."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.config.load import from_upstream, parse, read
from gateway.model.settings.base import Condition
from gateway.model.settings.file import Settings
from gateway.model.settings.route import RouteSettings
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
        {"workers": -1},
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


ROOT = Path(__file__).parents[3]
ODD = """
upstreams: {rag: {urls: [http://rag:8000], timeouts: {total: 0, first_byte: 0.1234567s}}}
admin: {token: "s3cret\\"\\\\"}
l2: {redis: {url: "redis://u@r:6379/0", password: "${REDIS_PASSWORD}"}}
limits: {header_bytes: 1.5 kB}
routes:
  - name: r
    match:
      headers: {x-plan: "(?i)^(pro|tëam)$"}
      body: [{pointer: "", is_not: null}, {pointer: /a~1b, in: [1, 1.0, null]}]
    key: {body: [], defaults: {/a: null, /b: [{x: 1e-7}], /c: -0.0, /d: 340282366920938463463374607431768211456}}
    cache:
      jitter: 33.3%
      store_unless: [{pointer: /e, is: null}, {pointer: /e, exists: false}, {pointer: /e, matches: "a\\nb"}]
"""


def given_settings() -> dict[str, Settings]:
    env = {"REDIS_PASSWORD": "pässword", "RAGFRONT_TOKEN": "token"}
    files = [ROOT / "config/gateway.yaml", *sorted((ROOT / "config/examples").glob("*.yaml"))]
    found = {file.name: read(file, env).settings for file in files}
    found["command line"] = from_upstream("http://rag:8000", env, admin={"token": "t"}, l2="off", workers=3)
    found["odd"] = parse(ODD, "odd", env).settings
    return found


@pytest.mark.parametrize("name", given_settings())
def test_settings_survive_json(name: str) -> None:
    """Workers get them so: values, secrets, and what was stated and what was not, which `is: null` rests on."""
    settings = given_settings()[name]
    told = settings.model_dump_json(by_alias=True, exclude_unset=True)
    again = Settings.model_validate_json(told)
    assert again == settings
    assert again.model_dump_json(by_alias=True, exclude_unset=True) == told
    assert dict(again) == dict(settings)
    assert "\n" not in told


@given(st.floats(0, 1), st.floats(0, 1e6), st.integers(0, 2**63 - 1))
def test_figures_survive_json(share: float, seconds: float, size: int) -> None:
    jittered = {"cache": {"ttl": seconds, "jitter": Jitter(share=share)}}
    offset = {"cache": {"jitter": Jitter(seconds=seconds)}, "lease": {"ttl": 1 + seconds / 1e6}}
    settings = Settings.model_validate(
        {
            "upstreams": {"u": {"urls": ["http://u"]}},
            "l1": {"max_bytes": size},
            "routes": [{"name": "r", "upstream": "u"} | route for route in (jittered, offset)],
        }
    )
    assert Settings.model_validate_json(settings.model_dump_json(by_alias=True, exclude_unset=True)) == settings
