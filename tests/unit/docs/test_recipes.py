"""Recipes: each file in them, and elsewhere in the pages, passes `ragfront check` without a warning."""

from pathlib import Path

import pytest

from gateway.config.load import parse
from tests.support.pages import PAGES, ROOT, Block, blocks

FILES = [(page, block) for page in PAGES for block in blocks(page) if block.language in ("yaml", "yml")]
SECRETS = {name: name * 2 for name in ("GRAFANA_TOKEN", "INDEXER_TOKEN", "RAGFRONT_TOKEN", "REDIS_PASSWORD")}


@pytest.mark.parametrize(("page", "block"), FILES, ids=[f"{page.relative_to(ROOT)}:{b.line}" for page, b in FILES])
def test_each_block_of_yaml_is_a_file_that_is_right(page: Path, block: Block) -> None:
    loaded = parse(block.text, f"{page.name}:{block.line}", SECRETS)
    assert loaded.settings.routes
    assert loaded.warnings == ()


@pytest.mark.parametrize("page", sorted((ROOT / "docs/recipes").glob("*.md")), ids=lambda page: page.name)
def test_each_recipe_has_a_file(page: Path) -> None:
    assert page.name == "README.md" or any(block.language == "yaml" for block in blocks(page))
