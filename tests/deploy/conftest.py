"""Tests with real programs of an operator's: make test-deploy, make test-image."""

import os
import shutil

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--image", default=None, metavar="ROOT", help="a Debian root in which the image's stages are run")


def path_of(name: str) -> str:
    """Where a program is. Skips the test where it is missing; in CI that is a failure."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None and os.environ.get("CI"):
        pytest.fail(f"{name} is missing: make test-deploy installs it")
    if found is None:
        pytest.skip(f"{name} is missing: make test-deploy installs it, where that can be done")
    return found
