"""Sampled: a request as an operator has it at hand (a curl line, JSON) -> the API's sample of it."""

from typing import Any

import orjson

from gateway.operate.failed import WRONG, Failed
from gateway.policy.curl import parse


def sampled(text: str) -> dict[str, Any]:
    """A sample. Failed where it is neither a curl line nor a JSON object.

    A JSON object with a `path` is a sample already; any other is the body of a POST to /rag, as the demo's.
    """
    text = text.strip()
    if text.startswith("{"):
        try:
            stated = orjson.loads(text)
        except ValueError as exc:
            raise Failed([f"not JSON: {exc}"], WRONG) from None
        return stated if "path" in stated else {"path": "/rag", "body": stated}
    try:
        curled = parse(text)
    except ValueError as exc:
        raise Failed([f"the request cannot be read: {exc}"], WRONG) from None
    headers: dict[str, str | list[str]] = {}
    for name, value in curled.headers:
        before = headers.get(name)
        headers[name] = value if before is None else [*([before] if isinstance(before, str) else before), value]
    sample: dict[str, Any] = {"method": curled.method, "path": curled.path, "headers": headers}
    if curled.host and not any(name.lower() == "host" for name in headers):
        sample["host"] = curled.host
    if curled.text is not None and not curled.get:
        sample["text"] = curled.text
    return sample
