"""Vocabulary: a text -> its terms, the same way for a corpus and for the queries put to it. No I/O.

NFKC, case folded; words of letters and digits; in scripts that are written without blanks, pairs of neighbouring
characters, and each character by itself. English inflections are brought together. Bringing more together than is
right makes more queries share a term with the corpus, which costs an upstream call; the reverse would be a false
reject, so this errs on that side.
"""

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

VERSION = 1
"""Of the tokenizing: filters that were built with another are refused, as they would know other terms."""

LONGEST = 8_192
"""Characters of a query that are looked at: a megabyte of query must not hold up all other clients."""

MOST = 256
"""Terms of a query that are looked up."""

# Han, kana, bopomofo and Hangul; Thai, Lao, Myanmar, Khmer: no blanks between words, or endings that stick to them.
DENSE = (
    "\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff"
    "\u3100-\u318f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_TERM = re.compile(f"([{DENSE}]+)|((?:[^\\W_{DENSE}])+)")
_APOSTROPHES = str.maketrans("\u2019\u02bc\uff07", "'''")
_CONTRACTED = re.compile(r"n't\b|'(?:s|d|m|re|ve|ll)\b")  # what is left of don't, it's and we'll are stop words

# Only what is hardly a subject anywhere: a stop word that a query was about would be missing as its evidence. So of
# other languages those are left out that mean something in English (die, sin, pour).
STOP_WORDS = frozenset(
    """
    a about after again all also am an and any are arent as at be because been before being between both but by ca can
    cannot cant could couldnt did didnt do does doesnt doing dont down during each every explain few for from further
    had has hasnt have havent having he hello her here hers hey hi him his how i if im in into is isnt it its itself ive
    just kindly let lets many me might more most much must my myself no nor not now of off on once only or other our
    ours out over own please same shall she should shouldnt so some such than thank thanks that thats the their theirs
    them then there these they this those through to too under until up us very was wasnt we were werent what whats
    when where which while who whom whose why will with wo wont would wouldnt you your yours
    aber auch auf aus bei bis das dem den der des doch durch ein eine einem einen einer für ich ihr ist mit nach nicht
    noch nur oder sie sind um und uns unter vom von vor wann warum welche wenn wer wie wir wird zu zum zur
    aux avec ce ces cette dans du elle et il je le les leur lui mais ne nous où pourquoi qu quand que quel quelle qui
    sa se ses sont sur un une vous como cual cuando del donde el ella esta este hay la las lo los más para pero por
    porque qué según sobre su sus una y
    的 了 吗 呢 吧 啊 是 在 有 和 与 或 我 你 他 她 它 这 那 们 请 什么 怎么 如何 哪里 哪个 一个 可以
    は が を に で と も の か へ や です ます した して する これ それ あれ この その いる ある から まで 何
    은 는 이 가 을 를 의 에 와 과 도 로
    """.split()  # noqa: SIM905 (a list of words reads better as text)
)


_DENSE_STOPS = re.compile(
    "|".join(sorted((word for word in STOP_WORDS if re.match(f"[{DENSE}]", word)), key=len, reverse=True))
)


def terms(text: str) -> Iterator[str]:
    """The terms of a corpus's text, in order, repeated ones included."""
    for dense, word in _TERM.findall(_normal(text)):
        if word:
            if word not in STOP_WORDS:
                yield _stem(word)
            continue
        yield from dense
        yield from map("".join, pairwise(dense))


def query_terms(texts: list[str]) -> tuple[list[str], bool]:
    """The terms of a query, each once; and whether these are all it has.

    A pair of characters says more than each of them, so characters count only where they stand alone.
    """
    found: dict[str, None] = {}
    room, left = LONGEST, sum(map(len, texts))
    for text in texts:
        normal = _normal(text[:room])
        if len(normal) > 2 * LONGEST:  # a few characters have compatibility forms of up to eighteen
            return list(found), False
        for term in _asked(normal):
            found[term] = None
            if len(found) > MOST:
                return list(found)[:MOST], False
        room = max(0, room - len(text))
    return list(found), left <= LONGEST


def _asked(normal: str) -> Iterator[str]:
    """The terms that are evidence: no stop words, and no pairs of characters that belong to such."""
    for dense, word in _TERM.findall(normal):
        if word:
            if word not in STOP_WORDS:
                yield _stem(word)
            continue
        stops = {at for stop in _DENSE_STOPS.finditer(dense) for at in range(*stop.span())}
        if len(dense) == 1 and not stops:
            yield dense
        for at, pair in enumerate(pairwise(dense)):
            if not (at in stops and at + 1 in stops):
                yield "".join(pair)


def _normal(text: str) -> str:
    """Unicode 3.13, NFKC case folding; contractions without their endings, however their apostrophe is typed."""
    if text.isascii():
        text = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        text = folded.translate(_APOSTROPHES)
    return _CONTRACTED.sub("", text) if "'" in text else text


def _stem(word: str) -> str:
    """A light suffix stripper: `raises`, `raised`, `raising` and `raise` become one term."""
    if len(word) <= 3 or not word.isascii() or not word.isalpha():
        return word
    if word.endswith("ies"):
        word = word[:-3] + "y"
    elif word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    for suffix in ("ing", "ed", "er", "ly"):
        rest = word.removesuffix(suffix)
        if rest != word and len(rest) >= 3:
            word = rest[:-1] if rest[-1] == rest[-2] else rest
            break
    return word.removesuffix("e") if len(word) > 3 else word
