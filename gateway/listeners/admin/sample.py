"""Sample: a client's request as an operator writes it down, read by the same rules as one that comes over a socket."""

import sys
from typing import Annotated, Any

import orjson
from pydantic import Field, StringConstraints

from gateway.config.addresses import parse_address
from gateway.listeners.admin.problem import Refused, Wrong
from gateway.model.errors import MessageError
from gateway.model.exchange import Exchange
from gateway.model.settings.base import Frozen
from gateway.wire.head import request_head

_VALUE = r"^[^\x00-\x08\x0a-\x1f\x7f]*$"
Value = Annotated[str, StringConstraints(pattern=_VALUE, max_length=16384)]
FieldName = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$")]
_PEER = "127.0.0.1"


class Sample(Frozen):
    """A request of a client's. Its headers count as they would: credentials are in the key by default."""

    method: str = Field(default="POST", pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$", description="its method")
    path: str = Field(pattern=r"^/[^\x00-\x20\x7f#]*$", max_length=16384, description="path and query, as sent")
    host: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._~%\[\]-][A-Za-z0-9._~%:\[\]-]{0,254}$",
        description="the Host that clients name, which is in the key; by default the listener's address",
    )
    headers: dict[FieldName, Value | list[Value]] = Field(default={}, max_length=200, description="its fields")
    body: Any = Field(default=None, description="its body, where that is JSON")
    text: str | None = Field(default=None, description="or its body, as it is sent")


def exchange(sample: Sample, listen: str, now: float) -> Exchange:
    """The request that is meant. listen: where clients ask. now: Unix seconds. Refused where it cannot be one."""
    body = _body(sample)
    fields = [("Host", sample.host or _host(listen))] if "host" not in map(str.lower, sample.headers) else []
    for name, value in sample.headers.items():
        fields += [(name, one) for one in (value if isinstance(value, list) else [value])]
    names = {name.lower() for name, _ in fields}
    if "body" in sample.model_fields_set and sample.text is None and "content-type" not in names:
        fields.append(("Content-Type", "application/json"))
    if body and "content-length" not in names:
        fields.append(("Content-Length", str(len(body))))
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    head = f"{sample.method} {sample.path} HTTP/1.1\r\n{lines}".encode("utf-8", "surrogatepass")
    try:
        request = request_head(head, sys.maxsize, sys.maxsize, _PEER)
    except MessageError as exc:
        raise Refused(422, f"no request that a client could send: {exc.detail}") from None
    return Exchange(request, 0.0, now, body=body, length=len(body))


def _body(sample: Sample) -> bytes:
    if sample.text is not None:
        if "body" in sample.model_fields_set:
            raise Refused(422, "expected body or text", [Wrong(pointer="/text", detail="body is stated, too")])
        return sample.text.encode("utf-8", "surrogatepass")
    return orjson.dumps(sample.body) if "body" in sample.model_fields_set else b""


def _host(listen: str) -> str:
    address = parse_address(listen)
    if address.unix:
        return "localhost"
    host = f"[{address.host}]" if ":" in (address.host or "") else address.host or "localhost"
    return f"{host}:{address.port}"
