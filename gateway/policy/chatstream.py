"""Chat stream: a plain OpenAI chat answer -> the events of a stream that says the same. No I/O, no clock."""

from collections.abc import Iterator
from typing import Any

from gateway.policy.chatshape import (
    AT_END,
    HEAD,
    LOGPROBS,
    MESSAGE,
    PROMPT_FILTER,
    TEXTS,
    TOTALS,
    Object,
    Unsayable,
    check_head,
    is_index,
    need,
    only,
    read,
    write,
)
from gateway.policy.textpieces import PIECE, may_cut, pieces

Saying = tuple[Object, Object | None]
"""A delta, and the logprobs that belong to it."""


def to_stream(answer: bytes, *, include_usage: bool) -> bytes | None:
    """The body of a plain `chat.completion` -> the body of an equivalent stream, `data: [DONE]` included. Never raises.

    include_usage: as the client asked in `stream_options`: a last chunk tells the usage, all others say null.
    None where the answer says anything for which chunks have no words (audio, custom tools, content in parts, unknown
    members that are not null), where it is not whole, or where usage is asked for and the answer tells none.

    Not carried over: usage, if it is not asked for; what is null and stands neither at the head nor among the texts;
    empty `annotations` and `tool_calls`; how numbers were spelled. The choices come one after the other.
    """
    try:
        chunks = list(_chunks(read(answer), include_usage))
        return b"".join([b"data: %b\n\n" % write(chunk) for chunk in chunks]) + b"data: [DONE]\n\n"
    except Unsayable:
        return None


def _chunks(answer: Object, include_usage: bool) -> Iterator[Object]:
    only(answer, (*HEAD, "object", "choices", PROMPT_FILTER, *TOTALS))
    check_head(answer)
    need(answer.get("object") == "chat.completion")
    choices, usage = answer.get("choices"), answer.get("usage")
    if not isinstance(choices, list) or not choices:
        raise Unsayable
    need(isinstance(usage, dict) or (usage is None and not include_usage))
    head = {"id": answer["id"], "object": "chat.completion.chunk"}
    head |= {name: answer[name] for name in HEAD if name in answer}
    tail: Object = {"usage": None} if include_usage else {}
    if answer.get(PROMPT_FILTER) is not None:
        yield head | {"choices": [], PROMPT_FILTER: answer[PROMPT_FILTER]} | tail
    said = [each for choice in _in_order(choices) for each in _choice(choice)]
    timings = {} if answer.get("timings") is None else {"timings": answer["timings"]}
    for choice in said[:-1]:
        yield head | {"choices": [choice]} | tail
    if include_usage:
        yield head | {"choices": said[-1:]} | tail
        yield head | {"choices": [], "usage": usage} | timings
    else:
        yield head | {"choices": said[-1:]} | timings


def _in_order(choices: list[Any]) -> list[Object]:
    """The choices by their numbers, which must differ: nothing else tells a stream's choices apart."""
    listed = [only(choice, ("index", "message", "finish_reason", "logprobs", *AT_END)) for choice in choices]
    numbers = [choice.get("index") for choice in listed]
    need(all(is_index(number) for number in numbers) and len(set(numbers)) == len(numbers))
    return sorted(listed, key=lambda choice: int(choice["index"]))


def _choice(choice: Object) -> Iterator[Object]:
    """One choice -> what it adds to each of its chunks."""
    message, finish, logprobs = only(choice.get("message"), MESSAGE), choice.get("finish_reason"), _logprobs(choice)
    need(isinstance(finish, str) and finish != "")
    for delta, tokens in _deltas(message, logprobs):
        said: Object = {"index": choice["index"], "delta": delta}
        if "logprobs" in choice:
            said["logprobs"] = tokens
        yield said | {"finish_reason": None}
    last = {"index": choice["index"], "delta": {}} | ({"logprobs": None} if "logprobs" in choice else {})
    yield last | {"finish_reason": finish} | {name: choice[name] for name in AT_END if name in choice}


def _logprobs(choice: Object) -> Object | None:
    logprobs = choice.get("logprobs")
    if logprobs is None:
        return None
    only(logprobs, LOGPROBS)
    need(all(logprobs.get(name) is None or isinstance(logprobs[name], list) for name in LOGPROBS))
    return {name: logprobs[name] for name in LOGPROBS if name in logprobs}


def _deltas(message: Object, logprobs: Object | None) -> Iterator[Saying]:
    # As OpenAI begins: the lists of tokens are there and empty, and the content is, unless it is null.
    silent = logprobs and {name: None if tokens is None else [] for name, tokens in logprobs.items()}
    yield _first(message), silent
    for name in TEXTS:
        text, tokens = message.get(name), (logprobs or {}).get(name)
        if tokens:
            said = _with_tokens(name, text, tokens)
            yield from ((delta, dict.fromkeys(silent or ()) | {name: part}) for delta, part in said)
        elif text:
            yield from (({name: piece}, None) for piece in pieces(text))
    if message.get("annotations"):
        yield {"annotations": message["annotations"]}, None
    yield from ((delta, None) for delta in _calls(message))


def _first(message: Object) -> Object:
    need(isinstance(message.get("role"), str))
    first = {"role": message["role"]}
    for name in ("content", *(each for each in TEXTS if each != "content")):
        if name in message:
            text = message[name]
            need(text is None or isinstance(text, str))
            if not text:
                first[name] = text
            elif name == "content":
                first[name] = ""
    if message.get("context") is not None:
        first["context"] = message["context"]
    return first


def _with_tokens(name: str, text: str | None, tokens: list[Any]) -> Iterator[tuple[Object, list[Any]]]:
    """Pieces of a text, each with its tokens; all at once, where the tokens are not the text cut in parts."""
    spoken = [token.get("token") if isinstance(token, dict) else None for token in tokens]
    words = [word for word in spoken if isinstance(word, str)]
    if not text or len(words) < len(tokens) or "".join(words) != text:
        yield ({name: text} if text else {}), tokens
        return
    said = begin = at = 0
    for number, word in enumerate(words, 1):
        at += len(word)
        if number == len(words) or (at - said >= PIECE and may_cut(text, at)):
            yield {name: text[said:at]}, tokens[begin:number]
            said, begin = at, number


def _calls(message: Object) -> Iterator[Object]:
    tools = message.get("tool_calls")
    need(tools is None or isinstance(tools, list))
    for index, tool in enumerate(tools or ()):
        only(tool, ("id", "type", "function", "index"))
        need(isinstance(tool.get("id"), str) and tool.get("type", "function") == "function")
        need(tool.get("index") is None or (is_index(tool["index"]) and tool["index"] == index))
        name, arguments = _function(tool.get("function"))
        opening = {"index": index, "id": tool["id"], "type": "function", "function": {"name": name, "arguments": ""}}
        yield {"tool_calls": [opening]}
        for piece in pieces(arguments):
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
    if message.get("function_call") is not None:
        name, arguments = _function(message["function_call"])
        yield {"function_call": {"name": name, "arguments": ""}}
        for piece in pieces(arguments):
            yield {"function_call": {"arguments": piece}}


def _function(function: Any) -> tuple[str, str]:
    only(function, ("name", "arguments"))
    name, arguments = function.get("name"), function.get("arguments")
    if not isinstance(name, str) or not isinstance(arguments, str) or not name:
        raise Unsayable
    return name, arguments
