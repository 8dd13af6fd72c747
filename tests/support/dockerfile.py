"""A Dockerfile, read as far as ours goes: stages, their instructions in order, and what the last of each kind says."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass
class Stage:
    """base: an image, or an earlier stage. steps: instruction and its text, continuation lines joined."""

    name: str
    base: str
    steps: list[tuple[str, str]] = field(default_factory=list)

    def last(self, instruction: str) -> str | None:
        """What the last such instruction says."""
        return next((text for name, text in reversed(self.steps) if name == instruction), None)


def stages(text: str) -> dict[str, Stage]:
    """By name, in order."""
    found: dict[str, Stage] = {}
    for instruction, rest in _instructions(text):
        if instruction == "FROM":
            match = re.fullmatch(r"(\S+) AS (\S+)", rest)
            assert match, f"FROM {rest}: expected a stage with a name"
            found[match[2]] = Stage(match[2], match[1])
        else:
            list(found.values())[-1].steps.append((instruction, rest))
    return found


def ours() -> dict[str, Stage]:
    """Of the file in the repository."""
    return stages((ROOT / "Dockerfile").read_text())


def lineage(all_stages: dict[str, Stage], name: str) -> list[Stage]:
    """A stage and those that it builds upon, the first of them first."""
    stage = all_stages[name]
    return [*(lineage(all_stages, stage.base) if stage.base in all_stages else []), stage]


def words(text: str) -> list[str]:
    """Exec form (a JSON list), or what a shell would make of it."""
    if text.startswith("["):
        found: Any = json.loads(text)
        return [str(word) for word in found]
    return shlex.split(text)


def pairs(text: str) -> dict[str, str]:
    """Of ENV and LABEL."""
    return dict(word.split("=", 1) for word in shlex.split(text))


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    for line in joined.splitlines():
        instruction, _, rest = line.partition(" ")
        yield instruction.upper(), " ".join(rest.split())
