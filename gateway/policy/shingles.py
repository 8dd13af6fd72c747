"""Shingles: how much of what two texts say is the same? No I/O.

Broder, "On the resemblance and containment of documents" (SEQUENCES 1997): the share of runs of three words that both
have, among those that either has. A sentence that is moved costs little, and white space, case and punctuation
nothing; of a text in other words hardly anything is left. In scripts that are written without blanks, a character
counts as a word.
"""

import re
import unicodedata

from gateway.policy.vocabulary import DENSE

LONGEST = 100_000
"""Characters of a text that are looked at: an answer is some thousand, and a worker has other things to do."""

_RUN = 3
_WORD = re.compile(f"[{DENSE}]|(?:[^\\W_{DENSE}])+")


def likeness(a: str, b: str) -> float:
    """From 0, where they have nothing in common, to 1. Texts without a word are alike, and unlike all others."""
    if a == b:
        return 1.0
    ours, theirs = _shingles(a), _shingles(b)
    either = len(ours | theirs)
    return len(ours & theirs) / either if either else 1.0


def _shingles(text: str) -> set[tuple[str, ...]]:
    """The runs of a text; the whole of it where it is shorter than one."""
    words = _WORD.findall(unicodedata.normalize("NFKC", text[:LONGEST]).casefold())
    if len(words) <= _RUN:
        return {tuple(words)} if words else set()
    return set(zip(words, words[1:], words[2:], strict=False))
