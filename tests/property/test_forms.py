"""Both forms of generated chat answers: what goes into a stream comes out of it, and nothing ever raises.

What a stream cannot carry, and is left out of the answers made here: how numbers are spelled, unknown members that
are null, empty lists of tools and annotations, a message without `content` (it comes back as null).
"""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.chatplain import to_plain
from gateway.policy.chatstream import to_stream
from gateway.policy.document import parse
from gateway.policy.forms import Form, asked_form, converted, other_forms
from gateway.policy.textpieces import may_cut
from tests.support.chats import DONE, HEAD, answer, chunk, chunks_of, delta, encoded, sse
from tests.support.policy import entry

# Surrogates are no text. Marks, joiners, flags and jamo often, so that there is something not to be cut.
CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    "\u0301\u200d👩🏽🇩🇪\u1112\u1161\u094d\r\n \ufe0f"
)
TEXTS = st.text(CHARACTERS, max_size=300)
NAMES = st.text(min_size=1, max_size=10)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32) | st.integers(-(2**63), 2**64 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
OBJECTS = st.dictionaries(NAMES, JSON, min_size=1, max_size=3)

USAGES = st.fixed_dictionaries({"prompt_tokens": st.integers(0, 999), "total_tokens": st.integers(0, 999)})
CALLS = st.fixed_dictionaries({"name": NAMES, "arguments": TEXTS})
TOOLS = st.fixed_dictionaries({"id": st.text(max_size=5), "type": st.just("function"), "function": CALLS})
TOKENS = st.lists(st.fixed_dictionaries({"token": st.text(max_size=5), "logprob": NUMBERS}) | JSON, max_size=4)


@st.composite
def _choices(draw: st.DrawFn) -> dict[str, Any]:
    """One choice, without its number."""
    message = draw(
        st.fixed_dictionaries(
            {"role": st.just("assistant"), "content": st.none() | TEXTS},
            optional={
                "refusal": st.none() | TEXTS,
                "reasoning_content": st.none() | TEXTS,
                "reasoning": TEXTS,
                "tool_calls": st.lists(TOOLS, min_size=1, max_size=3),
                "function_call": CALLS,
                "context": OBJECTS,
                "annotations": st.lists(OBJECTS, min_size=1, max_size=2),
            },
        )
    )
    choice: dict[str, Any] = {"message": message, "finish_reason": draw(NAMES)}
    choice |= draw(st.fixed_dictionaries({}, optional={"stop_reason": st.none() | st.integers(0, 9) | NAMES}))
    match draw(st.sampled_from(["absent", "null", "any", "fitting"])):
        case "null":
            choice["logprobs"] = None
        case "any":
            lists = st.none() | TOKENS
            choice["logprobs"] = draw(st.fixed_dictionaries({}, optional={"content": lists, "refusal": lists}))
        case "fitting":
            words = draw(st.lists(TEXTS, max_size=5))
            message["content"] = "".join(words)
            choice["logprobs"] = {"content": [{"token": word} for word in words], "refusal": None}
    return choice


@st.composite
def _answers(draw: st.DrawFn) -> dict[str, Any]:
    numbers = sorted(draw(st.sets(st.integers(0, 20), min_size=1, max_size=3)))
    choices = [{"index": number} | draw(_choices()) for number in numbers]
    strings = st.none() | st.text(max_size=5)
    members = draw(
        st.fixed_dictionaries(
            {"id": st.text(max_size=5), "created": st.integers(0, 2**40), "model": st.text(max_size=5)},
            optional={
                "system_fingerprint": strings,
                "service_tier": strings,
                "prompt_filter_results": st.lists(JSON, max_size=2),
                "timings": OBJECTS,
            },
        )
    )
    return answer(*choices, usage=draw(USAGES)) | members


ANSWERS = _answers()


def without_usage(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "usage"}


def alike(a: Any, b: Any) -> bool:
    """Equality of JSON: 1e16 may come back as its digits, which is another number to Python, and the same to JSON."""
    return parse(encoded(a)).canonical == parse(encoded(b)).canonical


@given(ANSWERS)
def test_an_answer_comes_back_from_its_stream(said: dict[str, Any]) -> None:
    for include_usage in (True, False):
        stream = to_stream(encoded(said), include_usage=include_usage)
        assert stream is not None
        plain = to_plain(stream)
        assert plain is not None
        assert alike(json.loads(plain), said if include_usage else without_usage(said))
        if include_usage:
            assert to_stream(plain, include_usage=True) == stream


@given(ANSWERS)
def test_chunks_are_what_clients_expect(said: dict[str, Any]) -> None:
    stream = to_stream(encoded(said), include_usage=True)
    assert stream is not None
    listed = chunks_of(stream)
    assert listed[-1]["usage"] == said["usage"]
    assert not listed[-1]["choices"]
    head = {name: said[name] for name in (*HEAD, "system_fingerprint", "service_tier") if name in said}
    begun: set[int] = set()
    ended: set[int] = set()
    for one in listed:
        assert one["object"] == "chat.completion.chunk"
        assert head.items() <= one.items()
        for each in one["choices"]:
            index = each["index"]
            assert index not in ended
            assert ("role" in each["delta"]) is (index not in begun)
            begun.add(index)
            if each["finish_reason"] is not None:
                assert each["delta"] == {}
                ended.add(index)
    assert begun == ended == {choice["index"] for choice in said["choices"]}


@given(TEXTS.filter(bool))
def test_no_character_is_cut_in_two(text: str) -> None:
    text *= 3
    stream = to_stream(
        encoded(answer({"index": 0, "finish_reason": "stop", "message": {"role": "a", "content": text}})),
        include_usage=False,
    )
    assert stream is not None
    at = 0
    for one in chunks_of(stream):
        at += len(one["choices"][0]["delta"].get("content", ""))
        assert may_cut(text, at)
    assert at == len(text)


@given(st.lists(st.lists(TEXTS, max_size=6), min_size=1, max_size=3), st.data())
def test_however_texts_are_cut_they_are_merged_alike(parts: list[list[str]], data: st.DataObject) -> None:
    """parts: of each choice. Choices are interleaved in any way; a part may travel with others or with the end."""
    left = [
        [delta(index=n, content=part) for part in listed] + [delta("stop", index=n)] for n, listed in enumerate(parts)
    ]
    order = data.draw(st.permutations([n for n, deltas in enumerate(left) for _ in deltas]))
    said = [left[n].pop(0) for n in order]
    chunks = []
    while said:
        size = data.draw(st.integers(1, 3))
        chunks.append(chunk(*said[:size]))
        said = said[size:]
    plain = to_plain(sse(*chunks))
    assert plain is not None
    contents = [choice["message"]["content"] for choice in json.loads(plain)["choices"]]
    assert contents == ["".join(listed) if listed else None for listed in parts]


@given(ANSWERS, st.sampled_from([b"\n", b"\r\n", b"\r"]), st.booleans(), st.booleans())
def test_framing_does_not_matter(said: dict[str, Any], end: bytes, comments: bool, done: bool) -> None:
    stream = to_stream(encoded(said), include_usage=True)
    assert stream is not None
    framed = stream if done else stream.removesuffix(DONE)
    framed = framed.replace(b"\n\n", b"\n\n: ping\n\n") if comments else framed
    assert to_plain(framed.replace(b"\n", end)) == to_plain(stream)


@given(ANSWERS, st.data())
def test_a_stream_that_was_cut_off_is_no_answer(said: dict[str, Any], data: st.DataObject) -> None:
    """What is cut off before the last choice has ended, that is; what comes then is not missed, if [DONE] may be."""
    stream = to_stream(encoded(said), include_usage=False)
    assert stream is not None
    last = stream.removesuffix(DONE)
    cut = last[: data.draw(st.integers(0, len(last) - 3))]
    plain = to_plain(cut)
    if plain is not None:  # a choice that had not begun is not missed either
        merged = json.loads(plain)
        assert alike(merged["choices"], said["choices"][: len(merged["choices"])])
        assert len(merged["choices"]) < len(said["choices"])


# -- anything -------------------------------------------------------------------------------------------------------

WORDS = st.sampled_from(
    [
        "id", "object", "created", "model", "choices", "usage", "index", "delta", "message", "role", "content",
        "refusal", "reasoning", "tool_calls", "function", "function_call", "name", "arguments", "type", "logprobs",
        "finish_reason", "stop_reason", "prompt_filter_results", "context", "timings", "token", "stream",
        "stream_options", "include_usage",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.sampled_from([0, 1, -1, 0.5, 2**70, "", "stop", "chat.completion", "function"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=5),
    max_leaves=20,
)


@st.composite
def _changed(draw: st.DrawFn, whole: st.SearchStrategy[Any]) -> Any:
    """A value in which one place holds something else."""
    value = draw(whole)
    at = value
    for _ in range(draw(st.integers(0, 7))):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or draw(st.integers(0, 5)) == 0:
            at[key] = draw(VALUES)
            break
        at = at[key]
    return value


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    match draw(st.sampled_from(["bytes", "values", "answer", "stream"])):
        case "bytes":
            return draw(st.binary(max_size=100))
        case "values":
            return sse(*draw(st.lists(VALUES, max_size=4)))
        case "answer":
            return encoded(draw(_changed(ANSWERS)))
        case _:
            said = encoded(draw(ANSWERS))
            return sse(*draw(_changed(st.just(chunks_of(to_stream(said, include_usage=True) or DONE)))))


@given(_bodies())
@settings(max_examples=200)
def test_nothing_raises(body: bytes) -> None:
    for made in (to_plain(body), to_stream(body, include_usage=True), to_stream(body, include_usage=False)):
        assert made is None or made
    for want in Form:
        for flags in (0, 2):
            converted(entry(body=body, flags=flags), want, 10_000)
    other_forms(parse(body))


@given(VALUES | st.fixed_dictionaries({}, optional={"stream": VALUES, "stream_options": VALUES, "messages": VALUES}))
def test_other_forms_lead_back(value: Any) -> None:
    document = parse(encoded(value))
    form = asked_form(document.value)
    for other in other_forms(document):
        there = asked_form(other.value)
        assert there is not None
        assert there is not form
        assert parse(other.canonical) == other
        if form is not Form.STREAM_WITH_USAGE and there is not Form.STREAM_WITH_USAGE:
            assert form in [asked_form(back.value) for back in other_forms(other)]
