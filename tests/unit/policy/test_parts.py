"""Parts: answers taken apart and put together, for each of the services' shapes, and those that cannot be."""

import json

import pytest

from gateway.model.settings.batch import BatchSettings
from gateway.policy.parts import PartForm, shared, total

OPENAI = PartForm(
    BatchSettings(items="/input", parts="/data", index="/index", usage=("/usage",), whole=("/object", "/model"))
)
TEI = PartForm(BatchSettings(items="/inputs"))
LANGSERVE = PartForm(BatchSettings(items="/input", list="/inputs", parts="/output", part="/output"))
OLLAMA = PartForm(BatchSettings(items="/input", parts="/embeddings", usage=("/prompt_eval_count",), whole=("/model",)))


def openai(*parts: tuple[int, object], tokens: int = 10, **more: object) -> bytes:
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in parts]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json.dumps({"object": "list", "data": data, "model": "m", "usage": usage, **more}).encode()


def test_openai_apart_in_the_items_order_each_as_if_alone():
    one, two = OPENAI.apart(openai((1, [2.5]), (0, "AAA="), id="call-1"), [1, 4])
    assert json.loads(one) == json.loads(openai((0, "AAA="), tokens=1))
    assert json.loads(two) == json.loads(openai((0, [2.5]), tokens=9))


def test_openai_together_in_the_order_asked_with_right_indices_and_usage():
    whole = OPENAI.together([openai((0, [1]), tokens=3), openai((0, [2]), tokens=4), openai((0, [1]), tokens=3)])
    assert json.loads(whole) == json.loads(openai((0, [1]), (1, [2]), (2, [1]), tokens=10))
    assert list(json.loads(whole)) == ["object", "data", "model", "usage"]


def test_the_bytes_of_a_part_stay_as_they_came():
    body = b"[[1.0E-5, 1.10],\n [12345678901234567890.123, -0]]"
    assert TEI.apart(body, [1, 1]) == [b"[[1.0E-5, 1.10]]", b"[[12345678901234567890.123, -0]]"]
    assert TEI.together([b" [[1.0E-5, 1.10]]", b"[ [-0] ]"]) == b"[[1.0E-5, 1.10],[-0]]"


def test_langserve_apart_without_what_belongs_to_the_call():
    body = b'{"output": [{"a": 1}, [2]], "metadata": {"run_ids": ["x", "y"]}}'
    assert LANGSERVE.apart(body, [1, 1]) == [b'{"output":{"a": 1}}', b'{"output":[2]}']
    assert LANGSERVE.together([b'{"output":{"a": 1}}', b'{"output":[2]}']) == b'{"output":[{"a": 1},[2]]}'


def test_ollama_whose_usage_is_a_number():
    one, two = OLLAMA.apart(b'{"model":"m","embeddings":[[1],[2]],"total_duration":9,"prompt_eval_count":7}', [3, 3])
    assert one == b'{"model":"m","embeddings":[[1]],"prompt_eval_count":3}'
    assert OLLAMA.together([one, two]) == b'{"model":"m","embeddings":[[1],[2]],"prompt_eval_count":7}'


def test_a_part_that_is_the_whole_of_a_single_answer():
    form = PartForm(BatchSettings(items="/q", parts="/all", part=""))
    assert form.apart(b'{"all":[1,{"a":2}]}', [1, 1]) == [b"1", b'{"a":2}']
    assert form.together([b"1", b'{"a":2}']) == b'{"all":[1,{"a":2}]}'
    assert PartForm(BatchSettings(items="/q", part="/one")).apart(b"[1,2]", [1, 1]) == [b'{"one":1}', b'{"one":2}']


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"[]",
        b"{}",
        b'{"data": 7}',
        openai((0, [1])),
        openai((0, [1]), (1, [2]), (2, [3])),
        openai((0, [1]), (0, [2])),
        openai((0, [1]), (2, [2])),
        openai((0, [1]), (-1, [2])),
        openai((0, [1]), ("1", [2])),  # type: ignore[arg-type]
        openai((0, [1]), (None, [2])),  # type: ignore[arg-type]
        openai((0, [1]), (1, [2]))[:-20],
        b'{"data": [{"embedding": 1}, {"embedding": 2}]}',
        b'{"data": [1, 2]}',
        b'{"data": [{"index": 0}, {"index": 1}], "data": []}',
        b'{"data": [{"index": 0, "index": 1}, {"index": 1}]}',
    ],
)
def test_what_cannot_be_told_apart_for_certain_is_not(body):
    assert OPENAI.apart(body, [1, 1]) is None


@pytest.mark.parametrize(
    "other",
    [
        openai((0, [1]), model="another"),
        openai((0, [1]), (1, [2])),
        b'{"object":"list","data":[{"index":0}],"usage":{}}',
        b'{"object":"list","model":"m","data":[{"index":0}]}',
        b'{"object":"list","model":"m","data":[{}],"usage":{}}',
        b"no",
    ],
)
def test_what_does_not_go_together_is_not_put_together(other):
    assert OPENAI.together([openai((0, [1])), other]) is None


def test_members_that_mean_the_same_go_together():
    assert OPENAI.together([openai((0, [1])), openai((0, [1])).replace(b'"m"', b'"\\u006d"')]) is not None


def test_figures_are_shared_out_and_add_up():
    assert shared({"prompt_tokens": 7, "kind": "x", "cost": 1.0, "deep": {"n": 3}, "ok": True}, [1, 2, 4]) == [
        {"prompt_tokens": 1, "kind": "x", "cost": 1 / 7, "deep": {"n": 1}, "ok": True},
        {"prompt_tokens": 2, "kind": "x", "cost": 2 / 7, "deep": {"n": 1}, "ok": True},
        {"prompt_tokens": 4, "kind": "x", "cost": 4 / 7, "deep": {"n": 1}, "ok": True},
    ]
    assert shared(4, [1, 100]) == [1, 3]
    assert shared(1, [5, 5]) == [0, 1]
    assert shared(5, [1, 1]) == [2, 3]
    assert shared(0, [1, 2]) == [0, 0]
    assert total([{"a": 1, "b": "x"}, {"a": 2, "c": 5}]) == {"a": 3, "b": "x", "c": 5}
    assert total([None, 1]) is None
