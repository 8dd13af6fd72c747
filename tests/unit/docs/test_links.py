"""Links: what pages link to is there, file and heading."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.support.pages import PAGES, ROOT, anchors, links


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_links_to_is_there(page: Path) -> None:
    for link in links(page):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, heading = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link}: no such file"
        assert target.is_relative_to(ROOT), f"{link}: outside of the repository"
        if heading:
            assert heading in anchors(target), f"{link}: no such heading"


def test_each_page_of_the_docs_is_listed() -> None:
    for index in (ROOT / "docs/README.md", ROOT / "docs/recipes/README.md"):
        listed = {(index.parent / link.partition("#")[0]).resolve() for link in links(index)}
        beside = {page for page in PAGES if page.parent == index.parent and page != index}
        assert beside <= listed, f"{index.relative_to(ROOT)} lacks {sorted(page.name for page in beside - listed)}"
