"""YAML errors in an operator's words, at the right line, without quoting the text."""

import pytest

from gateway.config.document import read_document
from gateway.config.places import Source
from gateway.model.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a:\n\t- b", "f:2: not YAML: a tab; indent with spaces"),
        ("a: 1\nb: *c", "f:2: not YAML: * names an anchor that does not exist; put text that starts with * in quotes"),
        ("a: 'x\nb: 1\nc: 2\n", "f:1: not YAML: a quote that is opened and never closed"),
        ("a: b: c", "f:1: not YAML: a value where none can be; put text with `: ` in quotes, check the indent"),
        ("a: [1, 2\nb: 3", "f:2: not YAML: expected a comma or the closing bracket"),
        ("a: {b: [1}", "f:1: not YAML: expected a comma or the closing bracket"),
        ("a: 1\n b: 2", "f:2: not YAML: a value where none can be"),
        ("a:\n  b: 1\n c: 2", "f:3: not YAML: does not fit the lines above; check the indent"),
        ("a: 1\n- b", "f:2: not YAML: does not fit the lines above"),
        ("a: @b", "f:1: not YAML: text cannot start with @, ` or % without quotes"),
        ('a: "\\d"', "f:1: not YAML: an unknown escape"),
        ('a: "\\U00110000"', "f:1: not YAML: an unknown escape"),
        ("a: 1\n---\nb: 2", "f:2: not YAML: a second document; expected one"),
        ("a: 1\nb: \x07", "f:2: a control character, which no YAML file may hold"),
        ("upstreams\nroutes: []", "f:2: not YAML: a value where none can be"),
        ("a: !x!y z", "f:1: not YAML: a YAML tag that is not known"),
        ("%YAML 9.9\n---\na: 1", "f:1: not YAML here"),
    ],
)
def test_syntax_errors(text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_document(text, Source("f"))
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith(problem)


@pytest.mark.parametrize(
    "text", ["password: *s3cret", "password: !s3cret!x y", "password: 's3cret", "password: [s3cret"]
)
def test_no_message_quotes_the_text(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read_document(text, Source("f"))
    assert "s3cret" not in str(caught.value)
