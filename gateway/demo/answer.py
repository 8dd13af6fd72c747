"""Answer: the sentences of the retrieved passages that say most about the query. Extractive, deterministic."""

import re
from collections.abc import Sequence

from gateway.demo.passages import Passage
from gateway.demo.prose import sentences
from gateway.demo.retrieval import Scored
from gateway.demo.terms import terms

MAX_CHARS = 1000
# The best passage may take this share of the room; the others share the rest.
_LEAD_SHARE = 0.55
_MAX_SIGNATURE = 60
# A text that begins so hangs on what stood before it.
_ANAPHORA = re.compile(
    r"(?:it|its|this|that|these|those|they|their|he|such|otherwise|however|therefore|thus|also|but|and|or|so|then|here"
    r"|in this case|for example|in addition|if so|likewise|instead|note that|again|both|as a result)\b",
    re.IGNORECASE,
)
# A sentence that ends in a colon, and whose promise an extract cannot keep.
_LEADS_NOWHERE = re.compile(
    r"\b(?:follow|example|below|form|equivalent|like|namely|such as|e\.g|syntax"
    r"|(?:are|as|be|by|for|from|is|of|that|the|to|with|methods|attributes):$)",
    re.IGNORECASE,
)
# A paragraph is left out where it has not this share of terms that are new.
_MIN_NOVELTY = 0.35
_GOOD_LENGTH = 200


def generate(query: str, documents: Sequence[Scored]) -> str:
    """An answer of at most about MAX_CHARS: one paragraph per document that adds something, marked `[1]`, `[2]` ...

    Empty where nothing was retrieved.
    """
    wanted = set(terms(query))
    said: set[str] = set()
    introduced: set[str] = set()
    paragraphs: list[str] = []
    room = MAX_CHARS
    for number, document in enumerate(documents, 1):
        others = len(documents) - number
        share = int(room * _LEAD_SHARE) if number == 1 and others else room // (others + 1)
        text = " ".join(excerpt(sentences(document.passage.text), wanted, share))
        told = set(terms(text))
        if len(told - said) >= _MIN_NOVELTY * len(told) and told:
            said |= told
            room -= len(text)
            name = _introduction(document.passage, text)
            paragraphs.append(f"{'' if name in introduced else name}{text} [{number}]")
            introduced.add(name)
    return "\n\n".join(paragraphs)


def excerpt(candidates: Sequence[str], wanted: set[str], room: int) -> list[str]:
    """The run of neighbouring sentences, of at most `room` characters, that covers most of `wanted`.

    Neighbours, because sentences picked one by one do not read well. A single sentence may be longer than `room`
    by a third, or by any length where there is nothing else.
    """
    usable = [told for told in map(_finished, candidates) if told]
    best: list[str] = []
    best_value = 0.0
    for start in range(len(usable)):
        run: list[str] = []
        length = 0
        for sentence in usable[start:]:
            if run and length + len(sentence) > room:
                break
            run.append(sentence)
            length += len(sentence) + 1
        value = _value(run, wanted, first=start == 0)
        if value > best_value and (length <= room * 4 / 3 or not best):
            best, best_value = run, value
    return best


def _finished(sentence: str) -> str:
    """The sentence as it may stand in an answer; empty where it only leads to what is left out."""
    if len(sentence.split()) < 3 or sentence.endswith(",") or sentence.startswith(("See ", "For more information")):
        return ""
    if sentence.endswith(":"):
        return "" if _LEADS_NOWHERE.search(sentence) else f"{sentence[:-1]}."
    return sentence


def _value(run: Sequence[str], wanted: set[str], first: bool) -> float:
    """More of the query's terms, earlier mentions, a beginning that stands by itself."""
    covered = [set(terms(sentence)) & wanted for sentence in run]
    length = sum(map(len, run))
    value = 3.0 * len(set().union(*covered)) + 2.0 * len(covered[0]) + 0.2 * sum(map(len, covered))
    value += min(length, _GOOD_LENGTH) / _GOOD_LENGTH
    if first:
        value += 1.5
    elif _ANAPHORA.match(run[0]) or run[0][0].islower():
        value -= 2.5
    return max(value, 0.01)


def _introduction(passage: Passage, text: str) -> str:
    """Names what a docstring or a definition is about, since its text begins with a verb."""
    documented = passage.id.startswith("library/")
    signature = passage.title if documented else passage.title.partition(": ")[2].strip("`")
    name = signature.partition("(")[0]
    if not name or " " in name or name in text:
        return ""
    return f"`{signature if len(signature) <= _MAX_SIGNATURE else f'{name}(...)'}`: "
