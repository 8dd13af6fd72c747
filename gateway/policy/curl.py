"""Curl: a command line as browsers and docs give it -> the request that it would send. Nothing is run. No I/O."""

import shlex
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_DATA = frozenset({"-d", "--data", "--data-raw", "--data-ascii", "--data-binary"})
_HEADER_OF = {"-A": "User-Agent", "--user-agent": "User-Agent", "-e": "Referer", "--referer": "Referer"}
_HEADER_OF |= {"-b": "Cookie", "--cookie": "Cookie", "--oauth2-bearer": "Authorization"}
# They take a value, and change nothing about the request.
_IDLE = frozenset(
    {"-o", "--output", "-m", "--max-time", "--connect-timeout", "-w", "--write-out", "--retry", "-x", "--proxy",
     "--cacert", "--cert", "--key", "--resolve", "-c", "--cookie-jar"}
)  # fmt: skip
_SHORT_WITH_VALUE = "dXHAebuomwxcFT"


@dataclass(slots=True)
class Curled:
    """headers: name, value. text: the body; None where there is none."""

    method: str = ""
    url: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    text: str | None = None
    get: bool = False

    @property
    def path(self) -> str:
        """Path and query."""
        parts = urlsplit(self.url)
        query = parts.query
        if self.get and self.text:
            query = f"{query}&{self.text}" if query else self.text
        return f"{parts.path or '/'}?{query}" if query else parts.path or "/"

    @property
    def host(self) -> str:
        """As Host names it; "" where the URL has none."""
        return urlsplit(self.url).netloc.rpartition("@")[2]


def parse(line: str) -> Curled:
    """The request. ValueError where it is none that can be read so, with what is the matter."""
    try:
        words = shlex.split(line.replace("\\\r\n", " ").replace("\\\n", " "))
    except ValueError as exc:
        raise ValueError(f"a quote is not closed: {exc}") from None
    if not words or words[0].rpartition("/")[2] != "curl":
        raise ValueError("expected a line that begins with curl")
    made = Curled()
    for option, value in _options(words[1:]):
        _take(made, option, value)
    if not made.url:
        raise ValueError("no URL in it")
    if "://" not in made.url:
        made.url = f"http://{made.url}"
    names = {name.lower() for name, _ in made.headers}
    if made.get:
        made.method = made.method or "GET"
    elif made.text is not None and "content-type" not in names:
        made.headers.append(("Content-Type", "application/x-www-form-urlencoded"))
    made.method = made.method or ("GET" if made.text is None else "POST")
    return made


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Option and value; "" in the place of the option for a URL. Short ones may hold their value: -XPOST."""
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            yield "", word
        elif word.startswith("--"):
            name, equals, value = word.partition("=")
            if name in _VALUED:
                yield name, value if equals else _next(rest, name)
            else:
                yield name, ""
        else:
            yield from _short(word, rest)


def _short(word: str, rest: Iterator[str]) -> Iterator[tuple[str, str]]:
    for at, letter in enumerate(word[1:], 1):
        if letter in _SHORT_WITH_VALUE:
            yield f"-{letter}", word[at + 1 :] or _next(rest, f"-{letter}")
            return
        yield f"-{letter}", ""


def _next(rest: Iterator[str], name: str) -> str:
    try:
        return next(rest)
    except StopIteration:
        raise ValueError(f"{name} needs a value") from None


def _take(made: Curled, option: str, value: str) -> None:
    if option in ("", "--url"):
        if made.url:
            raise ValueError("more than one URL in it")
        made.url = value
    elif option in ("-X", "--request"):
        made.method = value
    elif option in ("-I", "--head"):
        made.method = "HEAD"
    elif option in ("-G", "--get"):
        made.get = True
    elif option in ("-H", "--header"):
        name, colon, text = value.partition(":")
        if not colon:
            raise ValueError(f"expected a header such as 'Name: value', got {name.strip()[:40]!r}")
        made.headers.append((name.strip(), text.strip()))
    elif option in _HEADER_OF:
        made.headers.append((_HEADER_OF[option], f"Bearer {value}" if option == "--oauth2-bearer" else value))
    elif option in ("-u", "--user"):
        made.headers.append(("Authorization", f"Basic {b64encode(value.encode()).decode()}"))
    elif option in _DATA or option == "--json":
        if value.startswith("@") and option != "--data-raw":
            raise ValueError(f"the body is in the file {value[1:]}; give the body itself")
        joint = "" if option == "--json" else "&"
        made.text = value if made.text is None else f"{made.text}{joint}{value}"
        if option == "--json":
            made.headers += [("Content-Type", "application/json"), ("Accept", "application/json")]
    elif option in ("-F", "--form", "--form-string", "-T", "--upload-file", "--data-urlencode"):
        raise ValueError(f"{option} is not understood; give the body itself, as it is sent")


_VALUED = (
    _DATA | _IDLE | set(_HEADER_OF)
    | {"--url", "--request", "--header", "--user", "--json", "--form", "--form-string", "--upload-file",
       "--data-urlencode"}
)  # fmt: skip
