"""Distinct: how many different texts there were, to 1 %, in 16 KiB, whatever their number (HyperLogLog).

P. Flajolet et al., "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm", 2007. With a hash of
64 bits its correction for large numbers is not needed.
"""

import hashlib
import math

_BITS = 14
_REGISTERS = 1 << _BITS
_ALPHA = 0.7213 / (1 + 1.079 / _REGISTERS)


class Distinct:
    """Counts different texts."""

    __slots__ = ("_registers",)

    def __init__(self) -> None:
        self._registers = bytearray(_REGISTERS)

    def add(self, text: str) -> None:
        drawn = int.from_bytes(hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
        place, rest = drawn & (_REGISTERS - 1), drawn >> _BITS
        rank = 65 - _BITS - rest.bit_length()
        if rank > self._registers[place]:
            self._registers[place] = rank

    def estimate(self) -> int:
        """Exact for none; a standard error of 0.8 % for many."""
        raw = _ALPHA * _REGISTERS**2 / sum(2.0**-rank for rank in self._registers)
        zeros = self._registers.count(0)
        if raw <= 2.5 * _REGISTERS and zeros:  # few: counting the registers that are still empty is more exact
            return round(_REGISTERS * math.log(_REGISTERS / zeros))
        return round(raw)
