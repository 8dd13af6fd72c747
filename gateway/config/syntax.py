"""Syntax: what PyYAML finds wrong with a text, in an operator's words.

PyYAML's own sentences quote the text, and what is quoted may be a password; so only what is known to be
harmless is passed on.
"""

import re

import yaml

from gateway.config.places import Problem

_SENTENCES = (
    (r"found character '\\t'", "a tab; indent with spaces"),
    (r"undefined alias", "* names an anchor that does not exist; put text that starts with * in quotes"),
    (r"duplicate anchor", "an anchor (&name) stated twice"),
    (r"undefined tag handle", "a YAML tag that is not known; put text that starts with ! in quotes"),
    (r"unknown escape|escape sequence", r"an unknown escape; write \\ for a backslash, or use single quotes"),
    (r"another document|expected a single document", "a second document; expected one"),
    (r"alias bomb", "too many settings once aliases are expanded, or an anchor inside itself"),
    (r"too deep", "nested too deep"),
    (r"mapping values are not allowed", "a value where none can be; put text with `: ` in quotes, check the indent"),
    (r"could not find expected ':'", "expected `key: value`, with a space after the colon"),
    (r"found character '[@`%]'", "text cannot start with @, ` or % without quotes"),
    (r"unexpected end of stream", "a quote that is opened and never closed"),
    (r"expected ',' or '[\]}]'", "expected a comma or the closing bracket; put text that holds , [ ] { } in quotes"),
    (r"expected <block end>", "does not fit the lines above; check the indent"),
    (r"block sequence entries|block mapping", "does not fit the lines above; check the indent"),
)  # fmt: skip


def syntax_problem(exc: yaml.YAMLError, text: str) -> Problem:
    """Any error of PyYAML's reader, scanner, parser or composer -> one sentence with its line."""
    if isinstance(exc, yaml.reader.ReaderError):
        position = exc.position if isinstance(exc.position, int) else 0
        return Problem((), "a control character, which no YAML file may hold", text.count("\n", 0, position) + 1)
    if not isinstance(exc, yaml.MarkedYAMLError):
        return Problem((), "not YAML")
    mark = exc.problem_mark or exc.context_mark
    said = f"{exc.context or ''} {exc.problem or ''}"
    line = mark.line + 1 if mark else None
    for pattern, sentence in _SENTENCES:
        if re.search(pattern, said):
            if "never closed" in sentence and exc.context_mark:
                line = exc.context_mark.line + 1  # where it was opened says more than the end of the file
            return Problem((), f"not YAML: {sentence}", line)
    return Problem((), "not YAML here; check the indent, and put text with special characters in quotes", line)
