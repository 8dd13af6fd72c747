"""Prose: documentation text -> clean paragraphs of prose and blocks of code. No I/O."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FUNCTION_WORDS = frozenset(
    """
    a all also an any are at be been but by can cannot case does each given has have here how if into it its may must
    no of on one only other same should so such than that the their them then there these they this those to used
    using was when where whether which will you your
    """.split()  # noqa: SIM905 (a list of words reads better as text)
)
_MARKER = re.compile(r"(?:[*•-]|\d+\.|\(\d+\))\s+")
_WORDS = re.compile(r"[A-Za-z']+")
_SENTENCE = re.compile(r"[A-Z][^=\[\]{}<>]*[a-z)`'\"]\.")
_ROLE = re.compile(r":(?:\w+:)?\w+:`~?([^`<]+)(?:\s*<[^`>]*>)?`")
_DOUBLE_TICKS = re.compile(r"``([^`\n]+)``")
_QUOTED_CODE = re.compile(r'(?<![\w"])"([^"\s](?:[^"\n]{0,58}[^"\s])?)"(?![\w"])')
_STRONG = re.compile(r"(?<![\w*`])\*{1,2}([A-Za-z_`][^*\n]{0,200}?)\*{1,2}(?![\w*`])")
_CODE_LINE = re.compile(r"\s*(?:def \w+\(|class \w+[(:]|import \w+$|from \S+ import|@\w+|\w+ = |print\(|%|#|\$ |\.\.)")
_TICK_QUOTED = re.compile(r"`([^`'\s]{1,60})'")
_REFERENCE = re.compile(r"\s*\((?:[Ss]ee|described in) [^()]*\)")
_WRAPPED = re.compile(r"(?<=[A-Za-z])- (?!and |or )(?=[a-z])")
_QUOTED_STRING = re.compile(r'""([^"\n]+)""')
_FIELD = re.compile(r":(?:param|parameter|arg|type|raises?|return|returns)(?: ([\w.]+))?:")
_TWO_STOPS = re.compile(r"(?<=`)\.\.(?=\s|$)")
_FOOTNOTE = re.compile(r"\s*\[\d+\]")
_ENDS = re.compile(r"(?<=[.!?])[)”']*\s+(?=[A-Z`“(0-9_])")
_ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf|no|al|approx|resp)\.$", re.IGNORECASE)

_RULED = (">>>", "::=", "+--", "|  ", "  |", "====")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph as it stood: its lines without their common `indent` (in columns)."""

    indent: int
    lines: tuple[str, ...]

    @property
    def is_prose(self) -> bool:
        """English sentences, not code, a table, a grammar or a signature."""
        text = _MARKER.sub("", " ".join(self.lines), count=1) if is_list_item(self) else " ".join(self.lines)
        if any(mark in text for mark in _RULED) or any(_CODE_LINE.match(line) for line in self.lines):
            return False
        words = _WORDS.findall(text.lower())
        if len(words) < 4:
            return False
        if _SENTENCE.fullmatch(text):
            return True
        return sum(word in _FUNCTION_WORDS for word in words) / len(words) >= 0.14


def blocks(text: str) -> Iterator[Block]:
    """Split at blank lines, changes of indentation back to the left, and list markers."""
    lines: list[str] = []
    for line in [*text.expandtabs().splitlines(), ""]:
        starts_anew = not line.strip() or _MARKER.match(line.lstrip()) or (lines and _indent(line) < _indent(lines[0]))
        if starts_anew and lines:
            yield _block(lines)
            lines = []
        if line.strip():
            lines.append(line.rstrip())


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _block(lines: list[str]) -> Block:
    indent = min(_indent(line) for line in lines)
    return Block(indent, tuple(line[indent:] for line in lines))


def is_list_item(block: Block) -> bool:
    """It begins with a bullet or a number."""
    return _MARKER.match(block.lines[0]) is not None


def unwrap(block: Block) -> str:
    """A prose block as one line, without list marker and with inline mark-up as `code` in backticks."""
    text = _WRAPPED.sub("-", " ".join(line.strip() for line in block.lines))
    return plain(_MARKER.sub("", text, count=1) if is_list_item(block) else text)


def plain(text: str) -> str:
    """Inline mark-up of both reStructuredText and its text rendering -> backticks or nothing."""
    text = _FIELD.sub(lambda field: f"{field[1] or 'Returns'}:", text)
    text = _ROLE.sub(r"`\1`", text)
    text = _DOUBLE_TICKS.sub(r"`\1`", text)
    text = _QUOTED_STRING.sub(r"`'\1'`", text)
    text = _QUOTED_CODE.sub(r"`\1`", _TICK_QUOTED.sub(r"`\1`", text))
    text = _STRONG.sub(r"\1", text)
    text = _TWO_STOPS.sub(".", _FOOTNOTE.sub("", _REFERENCE.sub("", text)))
    return re.sub(r"\s+", " ", text).strip()


def indented(block: Block) -> str:
    """A code block, four columns in: the mark by which `sentences` knows it."""
    return "\n".join(f"    {line}" for line in block.lines)


def sentences(text: str) -> list[str]:
    """The sentences of a passage's prose paragraphs, in order; its code blocks are left out."""
    found: list[str] = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("    "):
            continue
        unfinished = ""
        for piece in _ENDS.split(paragraph):
            unfinished = f"{unfinished} {piece}".strip()
            if not _ABBREVIATION.search(unfinished):
                found.append(unfinished)
                unfinished = ""
        if unfinished:
            found.append(unfinished)
    return found
