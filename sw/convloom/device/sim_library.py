"""The C interface of the simulated device's shared library, which harness/harness.cpp declares."""

import ctypes
from ctypes import POINTER, c_double, c_int, c_uint32, c_uint64, c_void_p
from enum import IntEnum

NEVER = (1 << 64) - 1
NO_RESPONSE = (1 << 32) - 1


class Stop(IntEnum):
    """Why `run` came back."""

    ANSWERED = 0
    REPORTS = 1
    STALLED = 2
    BUDGET = 3


class StreamState(ctypes.Structure):
    """How a stream stands: beats taken, packets not yet through, and how far the first of them is."""

    _fields_ = [
        *((name, c_uint64) for name in ("beats", "packets", "place", "packet_bytes")),
        *((name, c_uint32) for name in ("valid", "ready")),
    ]


FUNCTIONS = {
    "open": (c_void_p, c_uint64),
    "close": (None, c_void_p),
    "submit": (c_uint64, c_void_p, c_void_p, c_uint64, c_void_p, c_uint64, c_uint64, c_int),
    "depend": (None, c_void_p, c_uint64),
    "run": (c_int, c_void_p, c_uint64, c_uint64),
    "advance": (None, c_void_p, c_uint64),
    "answer_bytes": (c_uint64, c_void_p, c_uint64),
    "take": (None, c_void_p, c_uint64, c_void_p, POINTER(c_uint64)),
    "read": (c_uint32, c_void_p, c_uint32, POINTER(c_uint32)),
    "write": (c_uint32, c_void_p, c_uint32, c_uint32),
    "reports_waiting": (c_uint64, c_void_p),
    "drained": (None, c_void_p, c_uint64),
    "limit": (None, c_void_p, c_uint32, c_double, c_uint32),
    "clock": (None, c_void_p, POINTER(c_uint64)),
    "stream": (None, c_void_p, c_uint32, POINTER(StreamState)),
}


class Library:
    """The functions of a built device, by name. Several configurations may be loaded side by side."""

    def __init__(self, path):
        # The default mode keeps each library's symbols its own; RTLD_GLOBAL would mix configurations up.
        loaded = ctypes.CDLL(str(path))
        for name, (result, *arguments) in FUNCTIONS.items():
            function = getattr(loaded, f"convloom_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
