"""Rules over an answer that an operator states, wherever that is."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from gateway.config.findings import Finding
from gateway.config.places import Path
from gateway.model.settings.stated import StatedAnswer
from gateway.policy.template import PLACEHOLDER

_WORD = re.compile(r"\{([A-Za-z_]+)\}")


def check_stated(answer: StatedAnswer, path: Path, words: Sequence[str] = ()) -> Iterator[Finding]:
    """Findings about one. words: what may stand in braces beside pointers."""
    media = answer.content_type.partition(";")[0].strip().lower()
    whole = answer.content_type.isascii() and answer.content_type.isprintable()
    if not whole or media.count("/") != 1 or " " in media:
        yield Finding((*path, "content_type"), "expected a media type such as application/json or text/event-stream")
        return
    if answer.status in (204, 304) and answer.body is not None:
        yield Finding((*path, "body"), f"{answer.status} has none", also=((*path, "status"),))
    yield from _check_words(answer.body, (*path, "body"), words)
    for index, event in enumerate(answer.events):
        yield from _check_words(event.data, (*path, "events", index, "data"), words)
    if "json" in media:
        return
    if answer.body is not None and not isinstance(answer.body, str):
        yield Finding((*path, "body"), f"expected text, as it is {media}", also=((*path, "content_type"),))
    elif answer.body and "html" in media and PLACEHOLDER.search(answer.body):
        text = "what a client says must not be put into a page; expected text/plain, or no placeholder"
        yield Finding((*path, "body"), text, also=((*path, "content_type"),))


def _check_words(stated: Any, path: Path, words: Sequence[str]) -> Iterator[Finding]:
    """A word that is none of those that are filled in stays as it is: rarely meant where there are some."""
    if not words:
        return
    if isinstance(stated, str):
        for name in _WORD.findall(stated):
            if name not in words:
                known = ", ".join(f"{{{word}}}" for word in words)
                text = f"{{{name}}} stands for nothing and stays as it is; expected {known} or a pointer"
                yield Finding(path, text, warning=True)
        return
    members = stated.values() if isinstance(stated, dict) else stated if isinstance(stated, list | tuple) else ()
    for member in members:
        yield from _check_words(member, path, words)
