"""Addresses: what `listen` may hold, and which of two listeners would be in each other's way."""

import ipaddress
import re
from dataclasses import dataclass

_HOST_PORT = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.%a-z]+)\]|(?P<host>[A-Za-z0-9._-]+)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Address:
    """Either host (without brackets) and port, where 0 takes any free one, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    unix: str = ""

    @property
    def loopback(self) -> bool:
        """Reachable from this host only."""
        if self.unix or self.host == "localhost":
            return True
        address = _ip(self.host)
        return address is not None and address.is_loopback

    @property
    def everywhere(self) -> bool:
        """All interfaces."""
        address = _ip(self.host)
        return address is not None and address.is_unspecified

    def __str__(self) -> str:
        if self.unix:
            return f"unix:{self.unix}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """`127.0.0.1:8080`, `rag.example.org:80`, `[::1]:8080` or `unix:/run/x.sock`. ValueError says what was expected."""
    if text.startswith("unix:"):
        if not text.startswith("unix:/") or text.endswith("/"):
            raise ValueError("expected unix: and an absolute path, such as unix:/run/ragfront.sock")
        if len(text.encode()) > 5 + 107:  # sockaddr_un
            raise ValueError("expected a socket path of at most 107 bytes")
        return Address(unix=text[5:])
    if match := _HOST_PORT.fullmatch(text):
        host, port = match["v6"] or match["host"], int(match["port"])
        if port > 65535:
            raise ValueError("expected a port up to 65535")
        if match["v6"] and not isinstance(_ip(host), ipaddress.IPv6Address):
            raise ValueError("expected an IPv6 address in the brackets")
        if re.fullmatch(r"[0-9.]+", host) and _ip(host) is None:
            raise ValueError("expected an IPv4 address such as 127.0.0.1")
        return Address(host, port)
    raise ValueError("expected host:port, [ipv6]:port or unix:/path" + _hint(text))


def clash(one: Address, other: Address) -> bool:
    """Could not both be bound."""
    if one.unix or other.unix:
        return one.unix == other.unix
    if one.port != other.port or one.port == 0:
        return False
    return one.host == other.host or one.everywhere or other.everywhere or (one.loopback and other.loopback)


def _hint(text: str) -> str:
    if len(text) > 100:
        return ""
    if re.fullmatch(r"[0-9]{1,5}", text):
        return f"; did you mean 127.0.0.1:{text}?"
    if match := re.fullmatch(r"\*?:([0-9]{1,5})", text):
        return f"; did you mean 0.0.0.0:{match[1]}?"
    if isinstance(_ip(text), ipaddress.IPv6Address):
        return f"; did you mean [{text}]:8080?"
    return f"; did you mean {text}:8080?" if re.fullmatch(r"[A-Za-z0-9._-]+", text) else ""


def _ip(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
