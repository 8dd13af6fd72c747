"""Rules over the admin listener's tokens."""

import pytest

from tests.support.config_text import loaded, problems


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("admin: {tokens: [{name: a, token: 'x y'}]}", "1: admin.tokens[0].token: expected visible ASCII"),
        ("admin: {token: t, tokens: [{name: admin, token: u}]}", "1: admin.tokens[0].name: the name of another token"),
        ("admin: {tokens: [{name: a, token: t}, {name: a, token: u}]}", "1: admin.tokens[1].name: the name of another"),
        ("admin: {token: t, tokens: [{name: b, token: t}]}", "1: admin.tokens[0].token: another one's, too"),
        ("admin: {tokens: [{name: a, token: ''}]}", "1: admin.tokens[0].token: "),
        ("admin: {tokens: [{name: a, token: t, role: root}]}", "1: admin.tokens[0].role: expected viewer or operator"),
        ("admin: {listen: '0.0.0.0:9090'}", "1: admin.listen: beyond loopback it needs a token"),
    ],
)
def test_what_cannot_say_who_it_is_is_refused(text: str, problem: str) -> None:
    assert [line[: len(problem)] for line in problems(text)] == [problem]


def test_no_token_is_told() -> None:
    for text in (
        "admin: {tokens: s3cret}",
        "admin: {tokens: [s3cret]}",
        "admin: {tokens: [{name: a, token: [s3cret]}]}",
    ):
        assert "s3cret" not in "".join(problems(text))
    assert "s3cret" not in repr(loaded("admin: {tokens: [{name: a, token: s3cret}]}").settings)


def test_a_named_token_is_enough_beyond_loopback() -> None:
    settings = loaded("admin: {listen: '0.0.0.0:9090', tokens: [{name: a, token: t}]}").settings
    assert settings.admin.tokens[0].role == "viewer"
