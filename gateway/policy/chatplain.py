"""Chat plain: the events of a whole OpenAI chat stream -> the plain answer that says the same. No I/O, no clock."""

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
    WHOLE,
    Object,
    Unsayable,
    check_head,
    is_index,
    need,
    only,
    read,
    write,
)
from gateway.policy.document import equal

_BOM = b"\xef\xbb\xbf"
_CHUNK = (*HEAD, "object", "choices", "obfuscation", PROMPT_FILTER, *TOTALS)  # obfuscation: padding, to be forgotten
_CHOICE = ("index", "delta", "finish_reason", "logprobs", *AT_END)


def to_plain(stream: bytes) -> bytes | None:
    """The body of a stream of `chat.completion.chunk`s -> the body of an equivalent plain answer. Never raises.

    Taken as they are: a stream without [DONE] (Hayhooks) or without the last empty line, all line ends of SSE,
    comments, Azure's first chunk without choices, `created` that goes on with the clock, a role in each delta.
    Usage is told if the stream told it, else left out: it is the one thing that a plain answer has and a stream may
    not have; the SDKs take its absence for null.

    None where a choice has no finish_reason, or anything after it; after an error or an event of another name; where
    anything comes after [DONE]; where chunks contradict each other, or say what is not known here.

    What it cannot see: choices of an `n` above 1 that never began. Only whole streams are stored, therefore.
    """
    try:
        merged = _Answer()
        for data in _events(stream):
            merged.add(read(data))
        return write(merged.whole())
    except Unsayable:
        return None


def _events(stream: bytes) -> Iterator[bytes]:
    """The data of each event, without [DONE]. What is no event stream, or has other events in it, is Unsayable."""
    lines = stream.removeprefix(_BOM).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    data: list[bytes] = []
    name = b""
    done = False
    for line in (*lines, b""):
        if line:
            field, _, value = line.partition(b":")
            if field == b"data":
                data.append(value.removeprefix(b" "))
            elif field == b"event":
                name = value.removeprefix(b" ")
            else:
                need(field in (b"", b"id", b"retry"))  # others are ignored by SSE, but an error may hide there
            continue
        whole, data = b"\n".join(data).strip(), []
        need(name != b"error")
        if whole:
            need(not done and name in (b"", b"message"))
            done = whole == b"[DONE]"
            if not done:
                yield whole
        name = b""


def _agree(known: Object, said: Object, name: str) -> None:
    """A member that is told once, or alike each time. Null, "", 0 and the like wait for the real one."""
    if name not in said:
        return
    old, new = known.get(name), said[name]
    if not old:
        known[name] = old if new is None else new
    elif new and not equal(old, new):
        raise Unsayable


class _Answer:
    """What the chunks so far make together."""

    __slots__ = ("_choices", "_head", "_is_chat", "_last")

    def __init__(self) -> None:
        self._head: Object = {}
        self._last: Object = {}  # after the choices
        self._choices: dict[int, _Choice] = {}
        self._is_chat = False

    def add(self, chunk: Object) -> None:
        only(chunk, _CHUNK)
        choices, kind = chunk.get("choices"), chunk.get("object")
        if not isinstance(choices, list):
            raise Unsayable
        need(kind == "chat.completion.chunk" or (kind in ("", None) and not choices))
        self._is_chat = self._is_chat or bool(kind)
        for name in HEAD:
            if name != "created" or not self._head.get("created"):
                _agree(self._head, chunk, name)
        for name in TOTALS:
            if chunk.get(name) is not None:
                need(isinstance(chunk[name], dict))
                self._last[name] = chunk[name]
        if chunk.get(PROMPT_FILTER) is not None:
            _agree(self._last, chunk, PROMPT_FILTER)
        for choice in choices:
            only(choice, _CHOICE)
            index = choice.get("index")
            need(is_index(index))
            self._choices.setdefault(index, _Choice()).add(choice)

    def whole(self) -> Object:
        head = self._head
        need(self._is_chat and bool(self._choices))
        check_head(head)
        choices = [{"index": index} | choice.whole() for index, choice in sorted(self._choices.items())]
        named = {"id": head["id"], "object": "chat.completion"} | {name: head[name] for name in HEAD if name in head}
        return named | {"choices": choices} | self._last


class _Choice:
    """One choice of them."""

    __slots__ = ("_call", "_end", "_logprobs", "_message", "_texts", "_tools")

    def __init__(self) -> None:
        self._texts: dict[str, list[str] | None] = {}
        self._message: Object = {}
        self._tools: dict[int, _Call] = {}
        self._call: _Call | None = None
        self._logprobs: Object = {}
        self._end: Object = {}

    def add(self, choice: Object) -> None:
        delta = {} if choice.get("delta") is None else only(choice["delta"], MESSAGE)
        if self._end.get("finish_reason"):
            need(not any(value for name, value in delta.items() if name != "role"))
        self._add_delta(delta)
        if "logprobs" in choice:
            self._add_logprobs(choice["logprobs"])
        for name in ("finish_reason", *AT_END):
            _agree(self._end, choice, name)

    def _add_delta(self, delta: Object) -> None:
        _agree(self._message, delta, "role")
        for name in WHOLE:
            if delta.get(name):
                _agree(self._message, delta, name)
        for name in TEXTS:
            if name in delta:
                self._add_text(name, delta[name])
        tools = delta.get("tool_calls") or []
        need(isinstance(tools, list))
        for tool in tools:
            only(tool, ("index", "id", "type", "function"))
            index = tool.get("index")
            need(is_index(index))
            call = self._tools.setdefault(index, _Call())
            call.identify(tool)
            call.add(tool.get("function"))
        if delta.get("function_call"):
            self._call = self._call or _Call()
            self._call.add(delta["function_call"])

    def _add_text(self, name: str, piece: Any) -> None:
        if piece is None:
            self._texts.setdefault(name, None)
            return
        need(isinstance(piece, str))
        parts = self._texts.get(name)
        if parts is None:
            self._texts[name] = [piece]
        else:
            parts.append(piece)

    def _add_logprobs(self, logprobs: Any) -> None:
        # {} until one is seen, {"logprobs": None} as long as all are null: an answer may leave the member out.
        known = self._logprobs.setdefault("logprobs", None)
        if logprobs is None:
            return
        only(logprobs, LOGPROBS)
        known = self._logprobs["logprobs"] = {} if known is None else known
        for name in LOGPROBS:
            tokens = logprobs.get(name)
            need(tokens is None or isinstance(tokens, list))
            if tokens is not None:
                known[name] = known.get(name) or []
                known[name] += tokens
            elif name in logprobs:
                known.setdefault(name, None)

    def whole(self) -> Object:
        finish, role = self._end.pop("finish_reason", None), self._message.pop("role", None) or "assistant"
        need(isinstance(finish, str) and finish != "" and isinstance(role, str))
        message = {"role": role, "content": None}  # which is there always, as in OpenAI's own
        message |= {name: None if parts is None else "".join(parts) for name, parts in self._texts.items()}
        message |= self._message
        if self._tools:
            message["tool_calls"] = [call.as_tool() for _, call in sorted(self._tools.items())]
        if self._call is not None:
            message["function_call"] = self._call.as_function()
        return {"message": message} | self._logprobs | {"finish_reason": finish} | self._end


class _Call:
    """One call of a tool, or of a function as it was before there were tools."""

    __slots__ = ("_arguments", "_known", "_name")

    def __init__(self) -> None:
        self._known: Object = {}
        self._name = ""
        self._arguments: list[str] = []

    def identify(self, tool: Object) -> None:
        _agree(self._known, tool, "id")
        _agree(self._known, tool, "type")

    def add(self, function: Any) -> None:
        function = {} if function is None else only(function, ("name", "arguments"))
        name, piece = function.get("name") or "", function.get("arguments") or ""
        if not isinstance(name, str) or not isinstance(piece, str):
            raise Unsayable
        # A second name may be the rest of the first or the same again, and each SDK reads it differently.
        need(not (name and self._name))
        self._name = self._name or name
        self._arguments.append(piece)

    def as_tool(self) -> Object:
        need(isinstance(self._known.get("id"), str) and (self._known.get("type") or "function") == "function")
        return {"id": self._known["id"], "type": "function", "function": self.as_function()}

    def as_function(self) -> Object:
        need(self._name != "")
        return {"name": self._name, "arguments": "".join(self._arguments)}
