"""Passages: titled runs of paragraphs, cut to a size that a language model would be given. No I/O."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gateway.demo.prose import Block, indented, is_list_item, sentences, unwrap

MAX_CHARS = 700
MIN_CHARS = 22


@dataclass(frozen=True, slots=True)
class Passage:
    """One retrievable text. `id` is the same in each run on the same Python; paragraphs are parted by blank lines."""

    id: str
    title: str
    text: str


def pack(source: str, title: str, content: Iterable[Block], first: int = 1) -> list[Passage]:
    """Blocks under one title -> passages of at most about MAX_CHARS, with ids `source/first`, `source/first+1` ..."""
    texts: list[str] = []
    current: list[str] = []
    for paragraph in _paragraphs(content):
        if current and sum(map(len, current)) + len(paragraph) > MAX_CHARS:
            texts.append("\n\n".join(current))
            current = []
        current.append(paragraph)
    if current:
        texts.append("\n\n".join(current))
    worth = [text for text in texts if sum(map(len, sentences(text))) >= MIN_CHARS]
    return [Passage(f"{source}/{number}", title, text) for number, text in enumerate(worth, first)]


def _paragraphs(content: Iterable[Block]) -> Iterator[str]:
    """Code goes with the prose that it follows; long prose is cut between sentences, long code is left out."""
    seen_prose = False
    for block in content:
        if block.is_prose:
            seen_prose = True
            yield from _cut(unwrap(block))
        elif seen_prose and _is_code(block):
            yield indented(block)


def _is_code(block: Block) -> bool:
    """Worth showing as code: not a grammar, a table, a list of bare names or a heading in disguise."""
    text = "\n".join(block.lines)
    ruled = any(mark in text for mark in ("::=", "+--", "+==", "====", "| ", "(See section"))
    heading = len(block.lines) == 1 and text.endswith(":")
    return not (ruled or heading or is_list_item(block)) and len(text) <= MAX_CHARS // 2


def _cut(paragraph: str) -> Iterator[str]:
    if len(paragraph) <= MAX_CHARS:
        yield paragraph
        return
    part = ""
    for sentence in sentences(paragraph):
        if part and len(part) + len(sentence) > MAX_CHARS:
            yield part
            part = ""
        part = f"{part} {sentence}".strip()
    yield part
