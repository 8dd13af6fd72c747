"""Config texts for tests: a smallest good file, and what the loader says of a changed one."""

import textwrap
from collections.abc import Mapping

import pytest

from gateway.config.load import Loaded, parse
from gateway.model.errors import ConfigError

UPSTREAMS = "upstreams: {rag: http://rag:8000}\n"


def loaded(text: str, env: Mapping[str, str] | None = None) -> Loaded:
    """The settings of a dedented text; `upstreams` is added where it states none."""
    return parse(whole(text), "f.yaml", env or {})


def problems(text: str, env: Mapping[str, str] | None = None) -> list[str]:
    """The problems of a text that must be refused, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        loaded(text, env)
    return [problem.removeprefix("f.yaml:") for problem in caught.value.problems]


def whole(text: str) -> str:
    """Dedented, with `upstreams` at the end (so that line numbers hold) where it states none."""
    text = textwrap.dedent(text).lstrip("\n")
    return text if "upstreams:" in text else f"{text.rstrip()}\n{UPSTREAMS}"
