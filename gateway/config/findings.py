"""Findings: what the rules say. A finding that rests on a setting that is itself broken is not worth telling."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.config.places import Path, overlap


@dataclass(frozen=True, slots=True)
class Finding:
    """text: what was expected and the way out. also: the other settings that it rests on. warning: it will run."""

    path: Path
    text: str
    warning: bool = False
    also: tuple[Path, ...] = ()

    def rests_on(self, broken: Iterable[Path]) -> bool:
        """Does it rest on one of the settings that could not be read?"""
        mine = (self.path, *self.also)
        return any(overlap(one, other) for one in broken for other in mine)
