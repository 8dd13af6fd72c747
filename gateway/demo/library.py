"""Library: docstrings of the standard library, as passages.

Sources are parsed and never run: importing all of the library would open a browser (antigravity), print
poems (this) and need a display. Only a few modules that are written in C, whose docstrings stand in no source,
are imported. Sources that a distribution left out are skipped.
"""

import ast
import importlib
import inspect
import re
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from gateway.demo.passages import Passage, pack
from gateway.demo.prose import blocks

# `name/`: a package that publishes what its files define under its own name.
MODULES = """
    abc argparse ast asyncio/ base64 bisect bz2 calendar cmd code codecs collections colorsys concurrent.futures/
    configparser contextlib copy csv dataclasses datetime decimal difflib dis doctest email.message email.policy
    enum filecmp fileinput fnmatch fractions ftplib functools getopt getpass gettext glob graphlib gzip hashlib
    heapq hmac html html.parser http.client http.cookies http.server imaplib importlib importlib.metadata
    importlib.resources/ inspect io ipaddress json/ keyword linecache locale logging logging.config
    logging.handlers lzma mailbox mimetypes multiprocessing.pool multiprocessing.process
    multiprocessing.shared_memory numbers operator os pathlib/ pdb pickle pickletools pkgutil platform plistlib
    poplib pprint profile pstats queue quopri random re reprlib runpy sched secrets selectors shelve shlex shutil
    signal smtplib socket socketserver ssl stat statistics string subprocess sysconfig tabnanny tarfile tempfile
    textwrap threading timeit token tokenize tomllib/ trace traceback tracemalloc turtle types typing unittest/
    urllib.parse urllib.request urllib.robotparser uuid venv warnings wave weakref webbrowser
    wsgiref.simple_server xml.dom.minidom xml.etree.ElementTree xmlrpc.client xmlrpc.server zipapp zipfile/
    zoneinfo
""".split()  # noqa: SIM905 (a list of words reads better as text)
IMPORTED = """
    builtins itertools math cmath time sys gc array struct zlib binascii collections functools csv os re io datetime
    sqlite3
""".split()  # noqa: SIM905 (a list of words reads better as text)
# Where the public module is a thin layer over C, its twin in Python has the docstrings.
_TWINS = {"datetime": "_pydatetime", "decimal": "_pydecimal", "io": "_pyio"}
_MAX_SIGNATURE = 90
_TEXT_SIGNATURE = re.compile(r"^[\w.]+\(.*\)(?:\s*->\s*.+)?\n+")

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def library_passages(root: Path | None = None) -> list[Passage]:
    """Passages of the modules above. `root`: the folder of the library's sources; none: this Python's."""
    stdlib = root or Path(sysconfig.get_path("stdlib"))
    found: list[Passage] = []
    for module in MODULES:
        for path in _sources(stdlib, module):
            found.extend(_parsed(module.rstrip("/"), path))
    for module in IMPORTED:
        found.extend(_imported(module))
    return found


def _sources(stdlib: Path, module: str) -> Iterator[Path]:
    path = stdlib.joinpath(*module.rstrip("/").split("."))
    twin = stdlib / f"{_TWINS.get(module, module)}.py"
    if module in _TWINS and twin.is_file():
        yield twin
    elif path.is_dir() and module.endswith("/"):
        yield from sorted(file for file in path.glob("*.py") if not file.stem.startswith(("__main", "windows_")))
    elif path.is_dir():
        yield path / "__init__.py"
    else:
        yield path.with_name(f"{path.name}.py")


def _parsed(module: str, path: Path) -> Iterator[Passage]:
    """Passages of one source file; none where it is missing or is no Python of this version."""
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    if path.stem in ("__init__", module.rpartition(".")[2]):
        yield from _passages(module, f"{module} module", ast.get_docstring(tree))
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_"):
            yield from _defined(module, node)


def _defined(prefix: str, node: Definition) -> Iterator[Passage]:
    """Passages of a function, or of a class and its public methods."""
    name = f"{prefix}.{node.name}"
    yield from _passages(name, f"{name}{_signature(node)}", ast.get_docstring(node))
    if isinstance(node, ast.ClassDef):
        for member in node.body:
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
                yield from _passages(
                    f"{name}.{member.name}", f"{name}.{member.name}{_signature(member)}", ast.get_docstring(member)
                )


def _signature(node: Definition) -> str:
    if isinstance(node, ast.ClassDef):
        return ""
    arguments = ast.unparse(node.args)
    for receiver in ("self", "cls"):
        arguments = arguments.removeprefix(receiver).removeprefix(", ")
    return f"({arguments})" if len(arguments) <= _MAX_SIGNATURE else "(...)"


def _imported(module: str) -> Iterator[Passage]:
    """Passages of what a module that is written in C publishes."""
    try:
        namespace = vars(importlib.import_module(module))
    except ImportError:
        return
    for name, value in sorted(namespace.items()):
        if name.startswith("_") or not callable(value) or inspect.isfunction(value) or not _is_of(module, value):
            continue
        full = name if module == "builtins" else f"{module}.{name}"
        yield from _passages(full, full, _doc(value))
        if isinstance(value, type) and not issubclass(value, BaseException):
            for member, method in sorted(vars(value).items()):
                if not member.startswith("_") and callable(method):
                    yield from _passages(f"{full}.{member}", f"{full}.{member}()", _doc(method))


def _is_of(module: str, value: object) -> bool:
    """Not something that the module itself imported."""
    owner = str(getattr(value, "__module__", "")).lstrip("_")
    return owner == module or module == "builtins" or (module == "os" and owner in ("posix", "nt"))


def _doc(value: object) -> str | None:
    doc = inspect.getdoc(value)
    return _TEXT_SIGNATURE.sub("", doc) if doc else None


def _passages(name: str, title: str, doc: str | None) -> list[Passage]:
    return pack(f"library/{name}", title, blocks(inspect.cleandoc(doc))) if doc else []
