"""Text pieces: a text cut where a reader would not mind, for streams that are made from a whole answer."""

import unicodedata
from collections.abc import Iterator

PIECE = 64
"""Characters of a piece, roughly: a dozen words, some 250 bytes of JSON around them."""

_MOST = 1000  # pieces of one text: longer texts get longer pieces, not more events

# What continues the character before it, or, as formats do, the one after it (Unicode annex 29, on the safe side:
# some places where one might cut are not used).
_CONTINUES = frozenset({"Mn", "Mc", "Me", "Cf", "Sk"})  # marks, joiners, tags, skin tones
_VIRAMA = 9  # the combining class of what joins two consonants
_JAMO = ((0x1100, 0x11FF), (0xA960, 0xA97F), (0xD7B0, 0xD7FF))  # letters that form one syllable
_LETTERS = "\u0e33\u0eb3\uff9e\uff9f"  # vowels and voicing marks that are letters by category
_FLAGS = (0x1F1E6, 0x1F1FF)  # two make a flag


def pieces(text: str) -> Iterator[str]:
    """The text in pieces that give it again when joined; none for an empty one."""
    size = max(PIECE, len(text) // _MOST)
    begin = 0
    while begin < len(text):
        end = _cut(text, begin, size)
        yield text[begin:end]
        begin = end


def may_cut(text: str, at: int) -> bool:
    """Whether a character, as its readers see it, ends before index `at`."""
    if not 0 < at < len(text):
        return True
    before, after = text[at - 1], text[at]
    if before.isascii() and after.isascii():
        return not (before == "\r" and after == "\n")
    if unicodedata.category(after) in _CONTINUES or after in _LETTERS:
        return False
    if unicodedata.category(before) == "Cf" or unicodedata.combining(before) == _VIRAMA:
        return False
    code = ord(after)
    if any(low <= code <= high for low, high in _JAMO):
        return False
    return not (_FLAGS[0] <= code <= _FLAGS[1] and _FLAGS[0] <= ord(before) <= _FLAGS[1])


def _cut(text: str, begin: int, size: int) -> int:
    """Where the piece that starts at `begin` ends: behind white space, if there is some in its second half."""
    end = begin + size
    if end >= len(text):
        return len(text)
    space = 1 + max(text.rfind(" ", begin, end), text.rfind("\n", begin, end))
    if space > begin + size // 2 and may_cut(text, space):
        return space
    while not may_cut(text, end):
        end += 1
    return end
