"""Habits: what is run before a commit is what CI runs, `make help` lists all, and pages say what tests do."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.pages import ROOT
from tests.support.redis_server import RIGHTS

MAKEFILE = (ROOT / "Makefile").read_text()
TEMPLATES = sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml"))


def recipe(target: str) -> list[str]:
    """The lines that make runs for a target."""
    found = re.search(rf"(?m)^{target}:.*\n((?:\t.*\n)+)", MAKEFILE)
    assert found is not None
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in found[1].splitlines()]


def test_pre_commit_runs_what_make_check_runs() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert [hook["entry"] for hook in hooks] == recipe("check")
    assert all(repo["repo"] == "local" for repo in config["repos"])  # nothing that CI does not have is fetched
    assert all(hook["always_run"] and not hook["pass_filenames"] for hook in hooks)


def test_ci_runs_make_check_and_make_test() -> None:
    assert {"make check", "make test"} <= set((ROOT / ".ci/run").read_text().splitlines())


def test_make_help_lists_all_that_can_be_made() -> None:
    told = subprocess.run(["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    phony = " ".join(re.findall(r"(?m)^\.PHONY: (.*)$", MAKEFILE))
    inner = {"redis", "chromium", "bench-programs", "deploy-programs"}  # what others need
    assert {line.split()[1] for line in told.splitlines()} == set(phony.split()) - inner
    assert all(len(line.split(maxsplit=2)) == 3 for line in told.splitlines())


def test_make_docs_makes_all_pages_that_tests_hold_to_be_current() -> None:
    assert recipe("docs") == [
        ".venv/bin/python -m gateway.config.reference > docs/configuration.md",
        ".venv/bin/python -m docs.charts",
    ]


@pytest.mark.parametrize(
    ("said", "code", "told"),
    [
        ("echo 'No known vulnerabilities found'", 0, "No known"),
        ("echo 'Found 1 known vulnerability in 1 package'; exit 1", 2, "Found 1"),
        (
            "echo 'No known vulnerabilities found'; echo 'x Dependency not found on PyPI and could not be audited: x'",
            2,
            "x",
        ),
        ("echo 'requests.exceptions.ConnectionError: no route'; exit 1", 2, "no route"),
    ],
)
def test_an_audit_that_could_not_ask_does_not_look_like_one_that_found_nothing(
    tmp_path: Path, said: str, code: int, told: str
) -> None:
    program = tmp_path / "audit"
    program.write_text(f"#!/bin/sh\n{said}\n")
    program.chmod(0o755)
    # The stamp is said to be old enough, so that nothing is installed.
    command = ["make", "-s", "-o", ".venv/.run", "audit", f"AUDIT={program}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code  # make's own, where a command fails
    assert told in done.stdout + done.stderr
    assert ("nothing is certain" in done.stderr) == (told in ("x", "no route"))
    assert ("No known" in done.stdout) == (code == 0)


def test_operators_are_told_of_the_rights_that_tests_run_with() -> None:
    told = re.search(r"ACL SETUSER ragfront on >PASSWORD (.*)", (ROOT / "docs/operations.md").read_text())
    assert told is not None
    assert told[1] == RIGHTS


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_template_of_issues_is_one(path: Path) -> None:
    template = yaml.safe_load(path.read_text())
    if path.name == "config.yml":
        assert "blank_issues_enabled" in template
        return
    assert {"name", "description", "body"} <= set(template)
    for part in template["body"]:
        assert part["type"] in ("markdown", "textarea", "input", "dropdown", "checkboxes")
        assert part["attributes"].get("label") or part["attributes"].get("value")
