"""The Dockerfile: what can be said of it without building it. tests/deploy/test_image.py carries it out."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from gateway import __version__
from tests.support.dockerfile import lineage, ours, pairs, words

ROOT = Path(__file__).parents[2]
FINAL = ("ragfront", "demo")
STAGES = ours()


def said(stage: str, instruction: str) -> str:
    """What holds in the end."""
    found = [text for one in lineage(STAGES, stage) if (text := one.last(instruction))]
    assert found, f"{stage}: no {instruction}"
    return found[-1]


def test_a_linter_has_nothing_to_say() -> None:
    linter = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert linter is not None
    done = subprocess.run([linter, str(ROOT / "Dockerfile")], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_bases_are_pinned_by_digest_and_slim() -> None:
    bases = {stage.base for stage in STAGES.values()} - set(STAGES)
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-bookworm@sha256:[0-9a-f]{64}", bases.pop())


def test_the_gateway_is_what_is_built_where_nobody_names_a_stage() -> None:
    assert list(STAGES)[-1] == "ragfront"


@pytest.mark.parametrize("stage", FINAL)
def test_it_runs_without_privileges_and_hears_signals(stage: str) -> None:
    assert re.fullmatch(
        r"[1-9]\d{3,}:[1-9]\d{3,}", said(stage, "USER")
    )  # figures: Kubernetes can tell that it is not root
    assert said(stage, "ENTRYPOINT").startswith("[")  # the exec form: no shell between it and SIGTERM
    assert said(stage, "CMD").startswith("[")
    assert said(stage, "STOPSIGNAL") == "SIGTERM"
    assert " CMD [" in f" {said(stage, 'HEALTHCHECK')}"


def test_nothing_of_what_builds_is_in_the_end() -> None:
    for stage in FINAL:
        copied = [text for one in lineage(STAGES, stage) for name, text in one.steps if name == "COPY"]
        assert [words(text)[1:] for text in copied] == [["/opt/ragfront", "/opt/ragfront"]]


def test_labels_tell_the_version() -> None:
    stage = STAGES["ragfront"]
    arguments = [text for name, text in stage.steps if name == "ARG"]
    assert f"VERSION={__version__}" in arguments
    labels = pairs(said("ragfront", "LABEL"))
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert labels["org.opencontainers.image.base.name"] == STAGES["runtime"].base.partition("@")[0]


def test_what_is_copied_is_let_in_and_nothing_else() -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for stage in STAGES.values()
        for name, text in stage.steps
        if name == "COPY" and not text.startswith("--from")
        for source in words(text)[:-1]
    }
    assert copied == allowed
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"


def locked(name: str) -> dict[str, list[tuple[Requirement, list[str]]]]:
    """The releases of a lock file, each with its hashes, by the package's name."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    found: dict[str, list[tuple[Requirement, list[str]]]] = {}
    for line in text.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        release, *hashes = line.split("--hash=")
        requirement = Requirement(release.strip())
        found.setdefault(requirement.name, []).append((requirement, [one.strip() for one in hashes]))
    return found


LOCKS = ("requirements.lock", "requirements-demo.lock", "requirements-build.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_each_release_is_one_and_has_hashes(name: str) -> None:
    for releases in locked(name).values():
        for requirement, hashes in releases:
            assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement
            assert hashes
            assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes)


def test_the_locks_say_what_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    core, demo = locked("requirements.lock"), locked("requirements-demo.lock")
    for text in project["dependencies"]:
        satisfied(Requirement(text), core)
    for text in project["optional-dependencies"]["demo"]:
        satisfied(Requirement(text), demo)
    assert "numpy" not in core
    for name, releases in core.items():
        assert [str(one) for one, _ in releases] == [str(one) for one, _ in demo[name]]
    satisfied(Requirement("hatchling>=1.24"), locked("requirements-build.lock"))


def satisfied(wanted: Requirement, lock: dict[str, list[tuple[Requirement, list[str]]]]) -> None:
    assert wanted.name in lock, f"{wanted}: not locked; run make lock"
    for release, _ in lock[wanted.name]:
        version = Version(str(release.specifier).removeprefix("=="))
        assert wanted.specifier.contains(version), f"{release}: not {wanted}; run make lock"
