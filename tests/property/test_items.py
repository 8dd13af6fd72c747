"""Items and parts: asking for a list at once and taking the answer apart is the same as asking one by one."""

import json

import orjson
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.settings.batch import BatchSettings
from gateway.policy.document import parse
from gateway.policy.items import ItemForm, Listed, Single, weight
from gateway.policy.parts import PartForm, shared, total
from gateway.policy.rawjson import Broken, elements, members

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=12)
TOKENS = st.lists(st.lists(st.integers(0, 200_000), min_size=1, max_size=5), min_size=1, max_size=12)
OPENAI = BatchSettings(items="/input", parts="/data", index="/index", usage=("/usage",), whole=("/object", "/model"))
SHAPES = {
    "openai": OPENAI,
    "tei": BatchSettings(items="/input"),
    "elsewhere": BatchSettings(items="/input", list="/inputs", parts="/output", part="/output"),
}


def told(index: int, item: object) -> dict[str, object]:
    return {"object": "embedding", "index": index, "embedding": [repr(item), 0.1]}


def answer(shape: str, items: list[object], order: list[int]) -> bytes:
    """A service's answer, its parts in any order where they are numbered."""
    if shape == "tei":
        return json.dumps([[repr(item)] for item in items]).encode()
    if shape == "elsewhere":
        return json.dumps({"output": [repr(item) for item in items], "metadata": {}}).encode()
    data = [told(number, items[number]) for number in order]
    return json.dumps({"object": "list", "data": data, "model": "m", "usage": {"n": 3 * len(items)}}).encode()


def alone(shape: str, item: object) -> bytes:
    if shape == "elsewhere":
        return json.dumps({"output": repr(item)}).encode()
    return answer(shape, [item], [0])


@given(st.sampled_from(sorted(SHAPES)), TEXTS | TOKENS, st.randoms())
def test_taken_apart_is_as_asked_one_by_one_and_goes_together_again(shape, items, random):
    form, order = PartForm(SHAPES[shape]), list(range(len(items)))
    random.shuffle(order)
    whole = answer(shape, items, order)
    parts = form.apart(whole, [7] * len(items))
    assert [json.loads(part) for part in parts] == [json.loads(alone(shape, item)) for item in items]
    expected = json.loads(answer(shape, items, sorted(order)))
    if shape == "elsewhere":
        del expected["metadata"]
    assert json.loads(form.together(parts)) == expected


@given(st.sampled_from(sorted(SHAPES)), st.binary(max_size=60) | JSON.map(lambda value: orjson.dumps(value)))
def test_nothing_that_is_no_answer_raises_or_is_taken_for_one(shape, body):
    form = PartForm(SHAPES[shape])
    parts = form.apart(body, [1, 1, 1])
    assert parts is None or len(parts) == 3
    form.together([body, body])


@given(st.integers(2, 8), st.integers(1, 8))
def test_another_number_of_parts_than_of_items_is_never_taken_apart(there, wanted):
    body = answer("openai", list(range(there)), list(range(there)))
    assert (PartForm(OPENAI).apart(body, [1] * wanted) is None) == (there != wanted)


@given(TEXTS | TOKENS, st.dictionaries(st.sampled_from(["model", "user", "dimensions"]), JSON))
def test_a_request_taken_apart_asks_for_each_item_and_nothing_else(items, more):
    form, body = ItemForm("/input", None), json.dumps({**more, "input": items}).encode()
    document = parse(body)
    read = form.read(document)
    assert isinstance(read, Listed)
    for item in read.items:
        one = form.about_one(document.value, item)
        assert one == parse(json.dumps({**more, "input": item}).encode())
        assert form.read(one) == Single(read.kind, item)
        assert form.besides(one.value) == form.besides(document.value)
        assert weight(read.kind, item) > 0
    assert parse(form.about_several(document.value, read.items)).canonical == document.canonical


@given(st.integers(0, 10**9), st.lists(st.integers(1, 10**6), min_size=1, max_size=20))
def test_shares_add_up_and_are_exact_for_tokens(figure, weights):
    assert total(shared(figure, weights)) == figure
    assert all(share >= 0 for share in shared(figure, weights))
    assert shared(sum(weights), weights) == weights


@given(JSON)
def test_values_are_found_where_a_parser_finds_them(value):
    for text in (
        json.dumps(value, indent=1).encode(),
        json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"),
    ):
        try:
            if isinstance(value, list):
                assert [json.loads(text[a:b]) for a, b in elements(text)] == json.loads(text)
            if isinstance(value, dict):
                read = {json.loads(b'"%b"' % name): json.loads(text[a:b]) for name, (a, b) in members(text).items()}
                assert read == json.loads(text)
        except Broken:
            assert b"\\" in text  # a name with escapes


@given(JSON.filter(lambda value: isinstance(value, list | dict)), st.data())
def test_a_text_that_was_cut_off_is_broken(value, data):
    text = json.dumps(value).encode()
    cut = text[: data.draw(st.integers(0, len(text) - 1))]
    for read in (elements, members):
        try:
            read(cut)
        except Broken:
            continue
        raise AssertionError(cut)
