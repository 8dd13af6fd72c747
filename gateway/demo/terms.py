"""Terms: text -> the words that count for retrieval. The same for passages and for queries; English only."""

import re

_STOPWORDS = frozenset(
    """
    a about after again all already also always am an another any anybody anyone anything are at available be
    because been before being best between both but by call called can cannot could did do does doing done
    each either else's ever every everything example examples explain few first get gets getting give given
    go good happen happening happens has have having he help her here his how however i i'd i'm i've into it
    it's its itself just know let like lot made make makes making many may me mean means might more most
    much must my need needed needs never no nothing now of off on once one ones only onto other our ours out over
    own people please possible purpose python python's rather really right same say see several she should
    show simple simply since so some somebody someone something still such take takes tell than that
    that's the their them then there these they thing things this those through thus to too two up upon us
    use used useful user uses using usually various very via want wanted wants was way ways we well were
    what what's when where whether which who whose why will within without word words work working works
    would yes yet you your
    """.split()  # noqa: SIM905 (a list of words reads better as text)
)
# Keywords that are also plain English: they count only where they are written as code, or are named as a
# keyword ("the with statement"), or else every sentence would be about them.
_AMBIGUOUS = frozenset(("and", "as", "for", "from", "if", "in", "is", "not", "or", "with", "else"))
_NAMED = re.compile(
    r"\b(and|as|for|from|if|in|is|not|or|with|else)(?=(?: and [a-z]+| or [a-z]+|/[a-z]+)?"
    r" (?:statements?|loops?|clauses?|keywords?|operators?|expressions?|blocks?|branch(?:es)?)\b)"
)
_COMPARED = re.compile(r"\bdifferences? between\b")
_CODE = re.compile(r"`([^`]*)`")
_WORD = re.compile(r"[a-z0-9_]+(?:'[a-z]+)?")
_COMPOUND = re.compile(r"\b[a-z]+(?:-[a-z]+)+\b")
_SAME = {"dictionary": "dict", "dictionaries": "dict", "integer": "int", "integers": "int",
         "strings": "str", "string": "str", "boolean": "bool", "booleans": "bool",
         "initialise": "initialize", "serialise": "serialize", "catching": "except", "catch": "except"}  # fmt: skip
_VOWEL = re.compile(r"[aeiouy]")


def terms(text: str) -> list[str]:
    """Terms of `text`, with repetitions. Stop words are left out, inflections brought together.

    A compound such as `keyword-only` is a term with a hyphen, after those of its parts.
    """
    folded = text.lower().replace("’", "'")
    folded = _NAMED.sub(r"`\1`", _COMPARED.sub(" ", folded))
    found: list[str] = []
    for position, part in enumerate(_CODE.split(folded)):
        in_code = position % 2 == 1
        for word in _WORD.findall(part):
            found.extend(_from_word(word, in_code))
    found.extend(stem(compound) for compound in _COMPOUND.findall(folded))
    return found


def _from_word(word: str, in_code: bool) -> list[str]:
    if word in _AMBIGUOUS:
        return [f"`{word}`"] if in_code else []
    if word in _STOPWORDS:
        return []
    if "_" in word:
        pieces = [stem(piece) for piece in word.split("_") if piece]
        return [word, *(p for p in pieces if p not in _STOPWORDS)] if word.strip("_") else []
    return [stem(word.removesuffix("'s"))]


def stem(word: str) -> str:
    """A light suffix stripper: `raises`, `raised`, `raising` and `raise` become one term."""
    if word in _SAME:
        return _SAME[word]
    if len(word) <= 3 or not word.isascii():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for suffix in ("ing", "ed"):
        rest = word.removesuffix(suffix)
        if rest != word and len(rest) >= 3 and _VOWEL.search(rest):
            word = rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
            break
    return word.removesuffix("e") if len(word) > 4 else word
