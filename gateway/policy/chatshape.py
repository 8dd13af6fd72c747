"""Chat's shape: what an OpenAI chat answer may consist of, as far as both of its forms, plain and stream, can say it.

A closed list: a member that is not on it might mean anything, so that an answer which has it is not converted.
Only where it is null it says nothing, and is left out.
"""

from collections.abc import Iterable
from typing import Any, cast

from gateway.policy.document import dump_in_order, parse

# Of an answer and of each of its chunks alike.
HEAD = ("id", "created", "model", "system_fingerprint", "service_tier", "provider")  # provider: OpenRouter
PROMPT_FILTER = "prompt_filter_results"  # Azure: in a first chunk without choices
TOTALS = ("usage", "timings")  # grow with a stream, if they are told more than once; timings: llama.cpp

# Of a message, and piece by piece of deltas: in the order in which models say them.
TEXTS = ("reasoning_content", "reasoning", "content", "refusal")  # the first two: DeepSeek, vLLM, OpenRouter
WHOLE = ("context", "annotations")  # in one delta; context: Azure's documents, annotations: web search
MESSAGE = ("role", *TEXTS, *WHOLE, "tool_calls", "function_call")

# Of a choice, told with its finish_reason: vLLM, SGLang, OpenRouter, Azure.
AT_END = ("stop_reason", "matched_stop", "native_finish_reason", "content_filter_results")
LOGPROBS = ("content", "refusal")

Object = dict[str, Any]


class Unsayable(Exception):
    """What stands here is no chat answer, or something that the other form has no words for. Stays inside policy."""


def read(body: bytes) -> Object:
    """Bytes of one JSON object -> its members. Unsayable where they are none, or two members have one name."""
    document = parse(body)
    if not document.is_json or document.duplicates or not isinstance(document.value, dict):
        raise Unsayable
    return cast(Object, document.value)


def write(value: Object) -> bytes:
    """The other way. Unsayable where it is nested too deep."""
    try:
        return dump_in_order(value)
    except TypeError:
        raise Unsayable from None


def only(value: Any, known: Iterable[str]) -> Object:
    """The value, if it is an object whose members are known or null."""
    if not isinstance(value, dict) or any(value[name] is not None for name in value.keys() - known):
        raise Unsayable
    return value


def need(condition: bool) -> None:
    """Unsayable unless it holds."""
    if not condition:
        raise Unsayable


def is_index(value: Any) -> bool:
    """Whether a value may number a choice or a tool call."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def check_head(head: Object) -> None:
    """What every answer must say of itself: the SDKs rely on it."""
    created = head.get("created")
    need(isinstance(head.get("id"), str) and isinstance(head.get("model"), str))
    need(isinstance(created, int | float) and not isinstance(created, bool))
