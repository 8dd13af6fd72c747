"""The house: every module of ours has its test file, where the next reader looks for it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    module.relative_to(ROOT / "gateway")
    for module in (ROOT / "gateway").rglob("*.py")
    if not module.name.startswith("__")  # packages and the entry point hold no logic
)


# Declarations without logic: one test file for the whole package.
DECLARATIONS = {Path("model/settings")}


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_has_its_test_file(module: Path) -> None:
    what = module.parent.with_suffix(".py") if module.parent in DECLARATIONS else module
    test = ROOT / "tests/unit" / what.with_name(f"test_{what.name}")
    assert test.is_file(), f"expected {test.relative_to(ROOT)}"
