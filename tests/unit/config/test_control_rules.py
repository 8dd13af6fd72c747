"""Rules over the ledger: each finding with its line."""

from pathlib import Path

import pytest

from gateway.config.load import parse
from gateway.model.errors import ConfigError

BASE = "upstreams: {rag: http://rag}\nworkers: 1\nroutes: [{preset: rag}]\n"


def warnings(text: str) -> list[str]:
    return [line for line in parse(BASE + text, "g.yaml", {}).warnings if "control" in line]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("l2: off\ncontrol: {path: off}\nworkers: 2\n", "several workers need a folder"),
        ("control: {path: off}\n", "expected a folder, or l2: off"),
        ("control: {path: README.md}\n", "expected a folder; this is a file"),
    ],
)
def test_what_cannot_work_is_refused(text: str, told: str, monkeypatch):
    monkeypatch.chdir(Path(__file__).parents[3])
    base = BASE.replace("workers: 1\n", "") if "workers" in text else BASE
    with pytest.raises(ConfigError) as refused:
        parse(base + text, "g.yaml", {})
    line = (base + text).split("control")[0].count("\n") + 1
    assert any(f"g.yaml:{line}: control.path: " in each and told in each for each in refused.value.problems)


def test_what_has_no_effect_is_told():
    assert "kept in Redis" in warnings("l2: redis://r:6379\ncontrol: {path: /var/lib/ragfront}\n")[0]
    assert "given up before" in warnings("control: {wait: 30s, lost_after: 10s}\n")[0]
    assert warnings("l2: redis://r:6379\ncontrol: {wait: 3s, strict: true}\n") == []
    assert warnings("l2: off\ncontrol: {path: off}\n") == []
