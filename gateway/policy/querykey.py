"""The query's part of a key: which parameters count, in an order that does not depend on the client."""

from urllib.parse import unquote_to_bytes

from gateway.model.settings.route import KeySettings


class QueryKey:
    """One route's reading of queries.

    Parameters stay as they were spelled; only for choosing and sorting are their names decoded. Else a client could
    hide `q` from the key as `%71`, or as `q[]`, while the service behind still finds it.
    """

    __slots__ = ("_chosen", "_ignored")

    def __init__(self, settings: KeySettings) -> None:
        self._chosen: frozenset[bytes] | None = None
        if settings.query != "all":
            names = () if settings.query == "none" else settings.query
            self._chosen = frozenset(_base(name.encode()) for name in names)
        self._ignored = frozenset(name.encode() for name in settings.query_ignore)

    def piece(self, query: bytes | None) -> list[bytes] | None:
        """The parameters that count, sorted by name; those of one name keep their order. None: there are none."""
        if query is None or self._chosen == frozenset():
            return None
        parameters = query.split(b"&")
        if self._chosen is not None or self._ignored:
            parameters = [parameter for parameter in parameters if self._counts(parameter)]
        if len(parameters) > 1:
            parameters.sort(key=_sort_name)
        return parameters or None

    def _counts(self, parameter: bytes) -> bool:
        if b";" in parameter:
            return True  # some services read this as two parameters
        name = _name(parameter)
        if name in self._ignored:
            return False
        return self._chosen is None or _base(name) in self._chosen


def _name(parameter: bytes) -> bytes:
    name = parameter.partition(b"=")[0]
    if b"%" in name or b"+" in name:
        return unquote_to_bytes(name.replace(b"+", b" "))
    return name


def _base(name: bytes) -> bytes:
    """`q[0][x]` -> `q`: such parameters are parts of one value, and their order counts."""
    return name[: name.find(b"[", 1)] if b"[" in name[1:] else name


def _sort_name(parameter: bytes) -> bytes:
    return _base(_name(parameter))
