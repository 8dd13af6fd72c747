"""Damage: what LMDB says of a file that is no sound one, and is to be begun anew."""

import lmdb

DAMAGED = (
    lmdb.CorruptedError,
    lmdb.IncompatibleError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.VersionMismatchError,
)
