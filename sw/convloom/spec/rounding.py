"""The four ways to requantise, by name."""

from enum import IntEnum


class Rounding(IntEnum):
    """A rounding mode: the number stands in the descriptor, the lower-case name in the API."""

    DOUBLE = 0
    DOUBLE_UP = 1
    SINGLE = 2
    FLOAT32 = 3

    @classmethod
    def parse(cls, mode):
        """The mode of that lower-case name (a mode is given back). Raises ValueError with the names that there are."""
        if isinstance(mode, cls):
            return mode
        for member in cls:
            if mode == member.name.lower():
                return member
        names = ", ".join(member.name.lower() for member in cls)
        raise ValueError(f"rounding must be one of {names}, not {mode!r}")
