"""Rules over the admin listener's tokens: each can be sent, and says who it is. Never tells one."""

from collections.abc import Iterator

from gateway.config.findings import Finding
from gateway.config.places import Path
from gateway.model.settings.file import AdminSettings

ALONE = "admin"
"""What `admin.token`, which has no name of its own, is called in the audit."""


def check_tokens(admin: AdminSettings) -> Iterator[Finding]:
    """Findings about `admin.token` and `admin.tokens`."""
    stated: list[tuple[Path, str, str]] = []
    if admin.token:
        stated.append((("admin", "token"), ALONE, admin.token))
    for index, one in enumerate(admin.tokens):
        stated.append((("admin", "tokens", index, "token"), one.name, one.token))
    names: dict[str, Path] = {}
    tokens: dict[str, Path] = {}
    for path, name, token in stated:
        if not all("!" <= char <= "~" for char in token):
            yield Finding(path, "expected visible ASCII without blanks, as an Authorization field can hold it")
        if (first := names.setdefault(name, path)) != path:
            text = "the name of another token, too; expected one of its own, since the audit goes by it"
            yield Finding((*path[:-1], "name"), text, also=(first,))
        if (first := tokens.setdefault(token, path)) != path:
            yield Finding(
                path, "another one's, too; expected one of its own, since it says who shows it", also=(first,)
            )
