"""The house: every module of ours has its test file, where the next reader looks for it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    module.relative_to(ROOT / "gateway")
    for module in (ROOT / "gateway").rglob("*.py")
    if not module.name.startswith("__")  # packages and the entry point hold no logic
)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_has_its_test_file(module: Path) -> None:
    test = ROOT / "tests/unit" / module.with_name(f"test_{module.name}")
    assert test.is_file(), f"expected {test.relative_to(ROOT)}"
