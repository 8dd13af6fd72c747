"""PromQL, as far as one has to read it to know which series and labels a query asks for."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path(__file__).parents[2] / "config"
RULES = sorted((CONFIG / "prometheus/rules").glob("*.yaml"))
DASHBOARD: dict[str, Any] = json.loads((CONFIG / "grafana/ragfront.json").read_text())

_SELECTOR = re.compile(r"\b(ragfront[_:][a-z0-9_:]*|up)\b(?:\{([^}]*)\})?")
_GROUPING = re.compile(r"\b(?:by|on|without) \(([^)]*)\)")
_VARIABLES = {"$job": ".*", "$instance": ".*", "$__rate_interval": "30s"}


@dataclass(frozen=True)
class Query:
    """where: what it is for, such as `Outcomes`."""

    where: str
    text: str

    @property
    def selectors(self) -> list[tuple[str, str]]:
        """Names of series, and the labels that they must have, as written."""
        return [(name, labels or "") for name, labels in _SELECTOR.findall(self.text)]

    @property
    def grouped_by(self) -> set[str]:
        return {
            label.strip() for labels in _GROUPING.findall(self.text) for label in labels.split(",") if label.strip()
        }


def panels() -> Iterator[dict[str, Any]]:
    """Of the dashboard, rows left out."""
    yield from (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


def of_dashboard() -> list[Query]:
    """With Grafana's variables filled in."""
    found = []
    for panel in panels():
        for target in panel["targets"]:
            text = target["expr"]
            for name, value in _VARIABLES.items():
                text = text.replace(name, value)
            found.append(Query(panel["title"], text))
    return found


def rules(kind: str) -> list[dict[str, Any]]:
    """kind: record or alert."""
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def of_rules() -> list[Query]:
    return [Query(rule[kind], rule["expr"]) for kind in ("record", "alert") for rule in rules(kind)]
