"""Settings shown: as they would be written, without secrets, and readable again."""

import orjson
import pytest

from gateway.config.presets import presets
from gateway.config.shown import differences, shown
from gateway.config.spelling import spell_out
from gateway.model.settings.route import RouteSettings
from tests.support.config_text import loaded


@pytest.mark.parametrize("name", presets())
@pytest.mark.parametrize("stated", [True, False])
def test_what_is_shown_reads_as_the_same(name: str, stated: bool) -> None:
    route = loaded(f"routes: [{{preset: {name}}}]").settings.routes[0]
    plain = orjson.loads(orjson.dumps(shown(route, stated=stated, secrets=True)))
    assert RouteSettings.model_validate(spell_out(plain, RouteSettings), by_alias=True) == route


def test_units_are_an_operators() -> None:
    cache = shown(loaded("routes: [{name: r, cache: {ttl: 90m, max_body: 2MiB}}]").settings)["routes"][0]["cache"]
    assert (cache["ttl"], cache["jitter"], cache["max_body"], cache["early_revalidation"]) == (
        "90m",
        "10%",
        "2MiB",
        "0%",
    )


def test_is_null_is_a_statement() -> None:
    text = "routes: [{name: r, empty: {when: [{pointer: /a, is: null}, {pointer: /b, exists: true}]}}]"
    when = shown(loaded(text).settings)["routes"][0]["empty"]["when"]
    assert when == [{"pointer": "/a", "is": None}, {"pointer": "/b", "exists": True}]


def test_secrets_are_not_shown() -> None:
    settings = loaded(
        """
        admin: {token: s3cret, tokens: [{name: a, token: s3cret2}]}
        l2: redis://user:s3cret@redis:6379/0
        routes: [{name: r, match: {headers: {authorization: Bearer s3cret, x-plan: pro}}}]
        """
    ).settings
    told = shown(settings)
    assert b"s3cret" not in orjson.dumps(told)
    assert told["l2"]["redis"]["url"] == "redis://***@redis:6379/0"
    assert told["routes"][0]["match"]["headers"] == {"authorization": "***", "x-plan": "pro"}
    assert told["admin"]["tokens"][0] == {"name": "a", "token": "***", "role": "viewer"}


def test_what_differs_is_told_by_its_path() -> None:
    a, b = "{name: a, match: {path: /a}, cache: {ttl: %s}}", "{name: b, match: {path: /b}}"
    before = loaded(f"routes: [{a % '1m'}, {b}]").settings
    after = loaded(f"routes: [{b}, {a % '2m'}]\nlog: {{level: debug}}").settings
    assert list(differences(shown(before), shown(after))) == [
        ("routes.a.cache.ttl", "1m", "2m"),
        ("log.level", "info", "debug"),
    ]
    assert list(differences(shown(before), shown(before))) == []
