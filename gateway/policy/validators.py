"""Validators: does the client have the stored answer already (RFC 9110 section 13)?"""

from gateway.model.entry import Entry
from gateway.model.exchange import Request
from gateway.model.fields import Fields
from gateway.policy.http.conditional import names_it


def not_modified(request: Request, entry: Entry) -> bool:
    """True where a GET or HEAD's If-None-Match names the entry's entity tag (weak comparison, section 8.8.3.2)."""
    wanted = request.fields.joined(b"if-none-match")
    if wanted is None or request.method not in (b"GET", b"HEAD") or entry.status != 200:
        return False
    return names_it(wanted, Fields(entry.fields))
