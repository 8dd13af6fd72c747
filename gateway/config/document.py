"""Document: YAML text -> plain data and the line of each key. Bounded in size, depth and alias expansion.

The scalars are those of YAML 1.2's core schema (section 10.3.2): only `true` and `false` are booleans, so `off`, `on`,
`no`, `12:30` and `2024-01-01` are text. Anchors, aliases and merge keys (`<<`) work; tags that build objects do not.
Numbers are finite, since JSON knows no others.
"""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from gateway.config.places import Path, Problem, Source
from gateway.config.syntax import syntax_problem
from gateway.model.errors import ConfigError

MAX_CHARACTERS = 512 * 1024
MAX_DEPTH = 40
MAX_NODES = 50_000  # after aliases are expanded

_TAG = "tag:yaml.org,2002:"
_UNUSABLE = re.compile("[\x00\ud800-\udfff]")


class _Composer(yaml.SafeLoader):
    """PyYAML up to the node tree, with YAML 1.2's idea of scalars and a bound on depth."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012
    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # PyYAML's stubs
            raise yaml.composer.ComposerError(None, None, "too deep", mark)
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
):
    _Composer.add_implicit_resolver(_TAG + _name, re.compile(f"(?:{_pattern})\\Z"), _first)


def read_document(text: str, source: Source) -> tuple[Any, list[Problem]]:
    """Text of one YAML document -> its data and the problems that leave the rest readable; fills `source.lines`.

    ConfigError where it is no YAML at all, or over a bound.
    """
    if len(text) > MAX_CHARACTERS:
        raise ConfigError([f"{source.name}: larger than {MAX_CHARACTERS // 1024} KiB"])
    try:
        node = _compose(text)
        if node is None:
            raise ConfigError([f"{source.name}: empty; expected at least upstreams"])
        builder = _Builder(source)
        return builder.build(node, ()), builder.problems
    except yaml.YAMLError as exc:
        raise ConfigError([source.tell(syntax_problem(exc, text))]) from None


def _compose(text: str) -> yaml.Node | None:
    composer = _Composer(text)
    try:
        node: yaml.Node | None = composer.get_single_node()
        return node
    except (ValueError, OverflowError):  # PyYAML passes an impossible \U escape on to chr()
        mark = composer.get_mark()
        raise yaml.scanner.ScannerError(None, None, "unknown escape", mark) from None
    finally:
        composer.dispose()


class _Builder:
    """Nodes -> data. What cannot be used becomes a problem and None."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._open: set[int] = set()
        self._spent = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        with self._within(node, path):
            self.source.lines.setdefault(path, node.start_mark.line + 1)
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return self._sequence(node, path)
            return self._scalar(node, path)

    @contextmanager
    def _within(self, node: yaml.Node, path: Path) -> Iterator[None]:
        """Bounds: an anchor inside itself has no end, a few lines of aliases can stand for billions of nodes."""
        self._spent += 1
        if id(node) in self._open or len(path) > MAX_DEPTH or self._spent > MAX_NODES:
            raise yaml.composer.ComposerError(None, None, "alias bomb", node.start_mark)
        self._open.add(id(node))
        try:
            yield
        finally:
            self._open.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> Any:
        if node.tag != _TAG + "map":
            return self._problem(node, path, "YAML tags are not known here")
        data = {}
        for key, (key_node, value_node) in self._pairs(node, path).items():
            self.source.lines[*path, key] = key_node.start_mark.line + 1
            data[key] = self.build(value_node, (*path, key))
        return data

    def _pairs(self, node: yaml.MappingNode, path: Path) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        """The members; those merged by `<<` only where the mapping does not state them itself."""
        own: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        merged: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _TAG + "merge":
                for name, pair in self._merged(value_node, path).items():
                    merged.setdefault(name, pair)
            elif not isinstance(key_node, yaml.ScalarNode) or _UNUSABLE.search(key_node.value):
                self._problem(key_node, path, "expected plain text as a key")
            elif (first := own.get(key_node.value)) is not None:
                lines = f"{first[0].start_mark.line + 1} and line {key_node.start_mark.line + 1}"
                self._problem(key_node, (*path, key_node.value), f"stated twice, on line {lines}")
            else:
                own[key_node.value] = (key_node, value_node)
        return merged | own

    def _merged(self, node: yaml.Node, path: Path) -> dict[str, tuple[yaml.Node, yaml.Node]]:
        with self._within(node, path):
            if isinstance(node, yaml.MappingNode):
                self._spent += len(node.value)
                return self._pairs(node, path)
            pairs: dict[str, tuple[yaml.Node, yaml.Node]] = {}
            if isinstance(node, yaml.SequenceNode) and all(isinstance(n, yaml.MappingNode) for n in node.value):
                for member in node.value:
                    pairs = self._merged(member, path) | pairs
                return pairs
            self._problem(node, path, "<< takes a mapping, or a list of mappings")
            return pairs

    def _sequence(self, node: yaml.SequenceNode, path: Path) -> Any:
        if node.tag != _TAG + "seq":
            return self._problem(node, path, "YAML tags are not known here")
        return [self.build(member, (*path, index)) for index, member in enumerate(node.value)]

    def _scalar(self, node: yaml.Node, path: Path) -> Any:
        text: str = node.value
        match node.tag.removeprefix(_TAG):
            case "str" | "merge":
                if _UNUSABLE.search(text):
                    return self._problem(node, path, "a character that is no text (NUL, or half a surrogate pair)")
                return text
            case "null":
                return None
            case "bool" if text.lower() in ("true", "false"):
                return text.lower() == "true"
            case "int" | "float" if (number := _number(text)) is not None:
                return number
            case "bool" | "int" | "float":
                return self._problem(node, path, "not a number that can be used")
        # The tag itself is not told: `password: !s3cret` is one, too.
        return self._problem(node, path, "YAML tags are not known here; put text that starts with ! in quotes")

    def _problem(self, node: yaml.Node, path: Path, text: str) -> None:
        self.problems.append(Problem(path, text, node.start_mark.line + 1))


def _number(text: str) -> int | float | None:
    """A finite number of at most 64 digits, or None."""
    if len(text) > 64:
        return None
    try:
        if text[:2] in ("0o", "0x"):
            return int(text, 0)
        return int(text) if re.fullmatch(r"[-+]?[0-9]+", text) else _finite(float(text))
    except ValueError:  # `.inf`, or a tag that does not fit: `!!int abc`
        return None


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
