"""Drains among overrides."""

from dataclasses import dataclass, field
from typing import Any

from gateway.policy.drains import drain_name, is_drain, split


@dataclass
class Kept:
    patch: dict[str, Any] = field(default_factory=dict)


def test_drains_and_patches_are_told_apart() -> None:
    kept = {"rag": Kept({"cache": {}}), drain_name("up", "h:1"): Kept(), drain_name("up", "h:1#2"): Kept()}
    assert split(kept) == ({"rag": {"cache": {}}}, {("up", "h:1"), ("up", "h:1#2")})
    assert [is_drain(name) for name in kept] == [False, True, True]
    assert split({}) == ({}, frozenset())
