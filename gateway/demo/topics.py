"""Topics: the language reference that every Python carries in `pydoc_data.topics`, as passages."""

import builtins
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from gateway.demo.passages import Passage, pack
from gateway.demo.prose import Block, blocks, plain

_UNDERLINE = re.compile(r"([*=~^-])\1{2,}$")
_SIGNATURE = re.compile(r"(?:(?:class|async|exception|static|classmethod) )*([A-Za-z_][\w.]*)(?:\(.*\)?)?(?: -> \S+)?$")
_SKIPPED = re.compile(
    r"(?:Changed|New|Added) in version|Deprecated since|Removed in version|See also|-\[ Footnotes \]-|\[\d+\]"
)
_ADMONITION = re.compile(r"\*{0,2}(?:Note|Warning|Caution|Tip|Hint|CPython implementation detail):\*{0,2}\s*")


@dataclass(slots=True)
class Section:
    """The blocks below one heading or one definition."""

    title: str
    content: list[Block] = field(default_factory=list)


def topic_texts() -> Mapping[str, str]:
    """Topic name -> text; nothing where this Python was built without it."""
    try:
        from pydoc_data.topics import topics
    except ImportError:
        return {}
    return {str(name): str(text) for name, text in topics.items()}


def topic_passages(topics: Mapping[str, str]) -> list[Passage]:
    """Passages of all topics, shorter topics first: whole chapters repeat what the small ones say."""
    found: list[Passage] = []
    for name, text in sorted(topics.items(), key=lambda item: (len(item[1]), item[0])):
        number = 1
        for section in sections(text):
            packed = pack(f"language/{name}", section.title, section.content, number)
            found.extend(packed)
            number += len(packed)
    return found


def sections(text: str) -> Iterator[Section]:
    """Split a topic at its headings, at the definitions at the left margin, and at the members of defined classes."""
    heading = owner = ""
    section = Section(heading)
    skipped_from: int | None = None
    found = list(blocks(text))
    for block, after in zip(found, [*found[1:], None], strict=True):
        if skipped_from is not None and block.indent > skipped_from:
            continue
        skipped_from = None
        if _SKIPPED.match(block.lines[0]):
            skipped_from = block.indent
        elif _is_heading(block):
            yield section
            heading, owner = plain(block.lines[0]), ""
            section = Section(heading)
        elif definition := _definition(block):
            yield section
            owner = definition.partition("class ")[2].partition("(")[0]
            section = Section(f"{heading}: {definition}")
        elif owner and after and _is_member(block, after):
            yield section
            section = Section(f"{heading}: {_member(owner, block.lines[0])}")
        else:
            if block.indent == 0 and section.title != heading:  # the definition's indented text is over
                yield section
                section, owner = Section(heading), ""
            section.content.extend(_without_label(block))
    yield section


def _is_heading(block: Block) -> bool:
    return block.indent == 0 and len(block.lines) == 2 and _UNDERLINE.match(block.lines[1]) is not None


def _definition(block: Block) -> str:
    """The signature, or the names, that a block at the left margin defines; empty where it defines nothing."""
    signatures = [_SIGNATURE.match(line) for line in block.lines]
    names = list(dict.fromkeys(match[1] for match in signatures if match))
    if block.indent != 0 or None in signatures:
        return ""
    return block.lines[0] if len(names) == 1 else ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")


def _is_member(block: Block, after: Block) -> bool:
    """One line of code with its explanation further in."""
    line = block.lines[0]
    single = len(block.lines) == 1 and 0 < block.indent < after.indent
    return single and after.is_prose and not block.is_prose and not line.endswith((":", "."))


def _member(owner: str, line: str) -> str:
    name = line.partition("(")[0]
    return f"{owner}.{line}" if name.isidentifier() and name != line and not hasattr(builtins, name) else f"`{line}`"


def _without_label(block: Block) -> list[Block]:
    """The block without `Note:`; nothing where it is no more than that."""
    lines = tuple(line for line in (_ADMONITION.sub("", block.lines[0]), *block.lines[1:]) if line)
    return [Block(block.indent, lines)] if lines else []
