"""Terms: one way for corpus and query, so that what they share is found; stop words are no evidence."""

import pytest

from gateway.policy.vocabulary import LONGEST, MOST, query_terms, terms


def shares(corpus: str, query: str) -> bool:
    known = set(terms(corpus))
    return any(term in known for term in query_terms([query])[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("The the of and", []),
        ("Python raises errors", ["python", "rais", "error"]),
        ("don't it's we'll can’t wouldn't", []),
        ("foo_bar-baz/3.11", ["foo", "bar", "baz", "3", "11"]),
        ("ﬁle ＦＩＬＥ Straße", ["fil", "fil", "strass"]),
        ("数据库", ["数", "据", "库", "数据", "据库"]),
        ("C语言", ["c", "语", "言", "语言"]),
        ("l'eau", ["l", "eau"]),
        ("!? … 🙂", []),
    ],
)
def test_terms_of_a_corpus(text, expected):
    assert list(terms(text)) == expected


@pytest.mark.parametrize(
    ("corpus", "query"),
    [
        ("Databases are stored on disk.", "DATABASE?"),
        ("raise an exception", "what raises?"),
        ("connection pooling", "pooled connections"),
        ("queries and entries", "query"),
        ("连接数据库的方法", "数据库怎么连接？"),
        ("书", "书"),
        ("一本书", "书"),
        ("データベース", "データ"),
        ("데이터베이스를", "데이터"),
        ("ภาษาไทย", "ไทย"),
        ("naïve café", "NAI\u0308VE"),
        ("O'Brien's law", "o’brien"),
    ],
)
def test_what_is_the_same_word_is_shared(corpus, query):
    assert shares(corpus, query)


@pytest.mark.parametrize(
    ("corpus", "query"),
    [
        ("the cat sat on the mat", "the dog of which"),
        ("数据库", "足球比赛"),
        ("connection", "什么 the qwertz"),
    ],
)
def test_stop_words_and_other_words_are_not_shared(corpus, query):
    assert not shares(corpus, query)


def test_a_query_of_stop_words_has_no_countable_term():
    assert query_terms(["What is it, and how do I do that? 什么是"]) == ([], True)


def test_no_query_costs_more_than_a_bounded_look_and_says_so():
    assert query_terms(["x " * LONGEST]) == (["x"], False)
    many, whole = query_terms([" ".join(f"w{n}" for n in range(MOST + 1))])
    assert (len(many), whole) == (MOST, False)
    assert query_terms(["a" * LONGEST, "b"])[1] is False
    assert query_terms(["\ufdfa" * LONGEST])[1] is False
    assert query_terms(["abc " * 100, "abc"]) == (["abc"], True)
