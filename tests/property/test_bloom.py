"""Filters, whatever is put into them: never a false negative, on disk or in memory; rotation keeps its bounds."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.guard.filterfile import Filter, load, save
from gateway.guard.generations import Generations
from gateway.policy.vocabulary import STOP_WORDS, query_terms, terms

TEXTS = st.text(max_size=60)


@settings(max_examples=40, deadline=None)
@given(st.sets(TEXTS, min_size=1, max_size=50))
def test_whatever_was_put_in_is_there_also_after_saving(members: set[str]) -> None:
    members = {text.encode("utf-8", "replace").decode() for text in members}
    filter = Filter("known", 1000, 1e-3)
    for text in members:
        filter.add(text)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "f")
        save(filter, path)
        again = load(path, "known")
    assert all(text in filter and text in again for text in members)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(8, 40),
    st.integers(2, 4),
    st.lists(st.tuples(st.integers(0, 60), st.floats(0, 12)), max_size=120),
)
def test_generations_remember_what_came_lately_and_hold_no_more_than_their_capacity(capacity, generations, steps):
    now, due, each = 0.0, 10.0, capacity // generations
    seen = Generations(capacity, generations, 10.0, lambda: now)
    model: list[set[int]] = []  # newest first
    for number, pause in steps:
        now += pause
        while now >= due:  # a generation's time is over: the next begins, if there has been one at all
            due += 10.0
            model = [set(), *model][:generations] if model else []
        if not model or (len(model[0]) >= each and number not in model[0]):
            model = [set(), *model][:generations]
        model[0].add(number)
        seen.add(b"%d" % number)
        assert len(seen) == sum(map(len, model)) <= capacity
        assert len(seen._filters) <= generations
        assert all(b"%d" % earlier in seen for generation in model for earlier in generation)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.text(max_size=40), st.text(max_size=40))
def test_a_query_that_is_a_part_of_the_corpus_is_never_without_a_shared_term(query: str, before: str, after: str):
    corpus = set(terms(f"{before} {query} {after}"))
    asked, whole = query_terms([query])
    assert whole
    assert all(term in corpus for term in asked)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(sorted(STOP_WORDS)), max_size=20))
def test_stop_words_alone_are_no_evidence(words: list[str]) -> None:
    assert query_terms([" ".join(words)]) == ([], True)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=100))
def test_case_and_compatibility_forms_do_not_matter(text: str) -> None:
    import unicodedata

    wide = unicodedata.normalize("NFKC", text)
    assert set(terms(wide)) == set(terms(text))
