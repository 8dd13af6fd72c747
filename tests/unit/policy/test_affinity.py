"""Affinity: what makes requests alike."""

import pytest

from gateway.model.settings.upstream import BalanceSettings
from gateway.policy.affinity import Affinity

KEY = b"k" * 32


def affinity(**settings: object) -> Affinity:
    return Affinity(BalanceSettings.model_validate({"mode": "hash", **settings}), 2)


@pytest.mark.parametrize(
    ("pointer", "body", "alike"),
    [
        (None, b'{"q": 1}', KEY),
        ("/q", b'{"q": "system: be kind. user: hello"}', b"system: "),
        ("/messages", b'{"messages": [{"role": "system"}]}', b'[{"role"'),
        ("/n", b'{"n": 123456789012345678901234567890}', b'"1234567'),
        ("/n", b'{"n": null}', b"null"),
        ("/q", "{\"q\": \"\u00e4\u00f6\u00fc\u00df\u20ac\"}".encode(), "\u00e4\u00f6\u00fc\u00df".encode()),
        ("/q", b'{"other": 1}', KEY),
        ("/q", b"no json", KEY),
        ("/q", b"", KEY),
        ("", b'{"b": 1, "a": 2}', b'{"b":1,"'),
    ],
)  # fmt: skip
def test_alike(pointer: str | None, body: bytes, alike: bytes) -> None:
    assert affinity(pointer=pointer, prefix=8).of(KEY, body) == alike


def test_a_request_without_a_key_is_like_no_other() -> None:
    assert affinity().of(None, b"{}") is None


def test_it_is_wanted_only_where_there_is_a_choice() -> None:
    assert affinity().wanted
    assert not Affinity(BalanceSettings(mode="hash"), 1).wanted
    assert not Affinity(BalanceSettings(), 2).wanted
