"""Kind names: what a setting takes, and between which limits, in words."""

from typing import Any, Literal

import pytest

from gateway.config import kinds
from gateway.config.kindnames import Limits, kind_name
from gateway.model.settings.file import LimitSettings, TokenSettings
from gateway.model.settings.route import CacheSettings, KeySettings, Match
from gateway.model.settings.stream import ReplaySettings


@pytest.mark.parametrize(
    ("model", "name", "said"),
    [
        (CacheSettings, "ttl", ("time", Limits(None, "365d"))),
        (CacheSettings, "jitter", ("percentage or time", Limits())),
        (CacheSettings, "early_revalidation", ("percentage", Limits(None, "1,000%"))),
        (CacheSettings, "replay_without", ("list of name of a field", Limits())),
        (KeySettings, "identity", ("`credentials`, `shared`, or list of name of a field", Limits())),
        (KeySettings, "defaults", ("mapping of anything", Limits(None, "256"))),
        (Match, "headers", ("mapping of pattern", Limits())),
        (Match, "path", ("text, or list of text", Limits())),
        (Match, "body", ("list", Limits())),
        (LimitSettings, "header_bytes", ("size", Limits("1KiB", "1MiB"))),
        (LimitSettings, "idle", ("time", Limits("over 0", None))),
        (TokenSettings, "token", ("text", Limits("1", None))),
        (ReplaySettings, "pace", ("`at-once`, `recorded` or a rate as `50/s`", Limits())),
    ],
)
def test_settings_say_what_they_take(model: Any, name: str, said: tuple[str, Limits]) -> None:
    info = kinds.fields(model)[name]
    assert kind_name(info.annotation, info.metadata) == said


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (bool, "`true` or `false`"),
        (Any, "anything"),
        (Literal["a", "b"] | None, "`a`, `b`"),
        (tuple[int, ...], "list of number"),
    ],
)
def test_plain_types_have_plain_names(kind: Any, said: str) -> None:
    assert kind_name(kind, [])[0] == said
