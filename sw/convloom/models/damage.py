"""What reading a damaged file raises: the packages that read flatbuffers and protobufs check little."""

import struct

DAMAGE = (
    struct.error,
    TypeError,
    ValueError,
    IndexError,
    KeyError,
    AttributeError,
    OverflowError,
    RecursionError,
)
