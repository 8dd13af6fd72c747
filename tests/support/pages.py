"""Pages: the Markdown that people read, its headings, links and blocks."""

import re
from pathlib import Path
from typing import NamedTuple

from gateway.config.reference import anchor

ROOT = Path(__file__).parents[2]
_FOLDERS = ("docs", ".github", "config")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in _FOLDERS for page in (ROOT / folder).rglob("*.md"))])
_FENCE = re.compile(r"(?ms)^```([a-z]*)\n(.*?)^```$")
_LINK = re.compile(r"\]\(([^()\s]+)\)")


class Block(NamedTuple):
    """A block between fences. line: of its first line."""

    language: str
    text: str
    line: int


def blocks(page: Path) -> list[Block]:
    """In the order of the page."""
    text = page.read_text()
    return [Block(found[1], found[2], text.count("\n", 0, found.start(2)) + 1) for found in _FENCE.finditer(text)]


def links(page: Path) -> list[str]:
    """What is linked to, outside of blocks and of code."""
    text = _FENCE.sub("", page.read_text())
    return _LINK.findall(re.sub(r"(?m)^    .*$|(?<!\[)`[^`\n]*`(?!\])", "", text))


def anchors(page: Path) -> set[str]:
    """By which its headings can be linked to; the second of the same name gets -1."""
    found: list[str] = []
    for title in re.findall(r"(?m)^#{1,6} (.*)$", _FENCE.sub("", page.read_text())):
        made = anchor(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", title))
        found.append(f"{made}-{found.count(made)}" if made in found else made)
    return set(found)
