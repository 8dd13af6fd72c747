"""Client: who is it that asks, as far as budgets care? No I/O.

An address is what nobody can choose freely; a header or a credential is only as good as whoever checks it in front.
"""

from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network

from gateway.model.exchange import Request
from gateway.policy.forwarding import Forwarding
from gateway.policy.hops import connection_options
from gateway.policy.keying import frame

_HOPS = 32  # of X-Forwarded-For are looked at: nobody has more proxies of his own

# Not cookies: browsers get new ones all the time, and each would be a new client.
_CREDENTIALS = (
    b"authorization", b"x-api-key", b"api-key", b"apikey", b"x-goog-api-key", b"ocp-apim-subscription-key",
    b"x-auth-token", b"x-access-token",
)  # fmt: skip


class Payer:
    """Tells the clients of one route apart. client: `peer`, `credential` or `header NAME`."""

    __slots__ = ("_forwarding", "_names")

    def __init__(self, client: str, forwarding: Forwarding) -> None:
        self._forwarding = forwarding
        kind, _, name = client.partition(" ")
        self._names = {"peer": (), "credential": _CREDENTIALS}.get(kind, (name.lower().encode(),))

    def client(self, request: Request) -> bytes:
        """Who asks: 32 bytes of a hash where it may be a secret, else a network. Without the fields: its address."""
        gone = connection_options(request.fields) if self._names else frozenset()
        found = [
            part
            for name in self._names
            if name not in gone and (value := request.fields.joined(name)) is not None
            for part in (name, value)
        ]
        return sha256(frame(found)).digest() if found else self._address(request)

    def _address(self, request: Request) -> bytes:
        """The nearest address that is none of our own proxies'; each of them appends whom it heard."""
        trusted = self._forwarding.is_trusted
        address = request.peer
        if trusted(address) and b"x-forwarded-for" not in connection_options(request.fields):
            line = request.fields.joined(b"x-forwarded-for") or b""
            for hop in reversed(line.split(b",")[-_HOPS:]):
                told = _bare(hop.strip(b" \t"))
                if told is None:
                    break  # what stands left of nonsense, nobody we trust has vouched for
                address = told
                if not trusted(address):
                    break
        return _network(address)


def _bare(hop: bytes) -> str | None:
    """`192.0.2.1`, `192.0.2.1:8000`, `2001:db8::1` or `[2001:db8::1]:8000` -> the address; None where it is none."""
    text = hop.decode("latin-1")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    text = text.partition("%")[0]
    try:
        ip_address(text)
    except ValueError:
        return None
    return text


def _network(address: str) -> bytes:
    """An IPv4 address; of an IPv6 address its /64, all of which one subscriber has."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return b"unix"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped).encode()
        return str(ip_network((parsed, 64), strict=False)).encode()
    return str(parsed).encode()
