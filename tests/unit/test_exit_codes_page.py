"""The page of exit codes: each command has its row, and the figures are those that the code knows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from gateway import bloom_command, supervisor
from gateway.cli import app
from gateway.operate import failed

PAGE = (Path(__file__).parents[2] / "docs/exit-codes.md").read_text()
ROWS = {
    cells[0].strip("` "): [cell.strip() for cell in cells[1:]]
    for line in PAGE.splitlines()
    if line.startswith("| `") and (cells := line.strip("|").split("|"))
}


def commands(of: typer.Typer, prefix: str = "") -> Iterator[str]:
    for command in of.registered_commands:
        assert command.callback is not None
        yield prefix + (command.name or command.callback.__name__)
    for group in of.registered_groups:
        assert group.typer_instance is not None
        yield from commands(group.typer_instance, f"{prefix}{group.name} ")


def test_each_command_has_its_row() -> None:
    assert sorted(ROWS) == sorted(commands(app))


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("serve", supervisor.OK, "stopped as asked"),
        ("serve", supervisor.BAD_CONFIG, "configuration"),
        ("serve", supervisor.CANNOT_LISTEN, "cannot be listened on"),
        ("serve", supervisor.KEEP_DYING, "keep dying"),
        ("check", supervisor.BAD_CONFIG, "wrong"),
        ("bloom build", bloom_command.NOT_BUILT, "nothing was written"),
        ("bloom build", bloom_command.WRONG, "wrong"),
        ("health", failed.REFUSED, "not ready"),
        ("purge", failed.REFUSED, "refuses"),
        ("purge", failed.WRONG, "wrong"),
        ("purge", failed.UNREACHABLE, "cannot be reached"),
        ("purge", failed.NOT_CONFIRMED, "not all workers have confirmed"),
    ],
)
def test_figures_are_those_of_the_code(command: str, code: int, words: str) -> None:
    assert words in ROWS[command][code]


def test_the_systemd_unit_does_not_start_what_another_start_would_not_mend() -> None:
    unit = (Path(__file__).parents[2] / "config/deploy/systemd/ragfront.service").read_text()
    (line,) = re.findall(r"(?m)^RestartPreventExitStatus=(.*)$", unit)
    assert line.split() == [str(supervisor.BAD_CONFIG), str(supervisor.CANNOT_LISTEN)]
