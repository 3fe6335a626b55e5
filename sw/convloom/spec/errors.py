"""The error codes of a job, as reports and the status register give them."""

from enum import IntEnum


class ErrorCode(IntEnum):
    """What was wrong with a job. Codes 1 to 8 discard the job; with 9 to 12 it runs to its end."""

    NONE = 0, "the job is as it should be"
    FORMAT = 1, "magic number, format version or sum of the descriptor is wrong"
    RANGE = 2, "a field of the descriptor is out of its range"
    NOT_BUILT_IN = 3, "the rounding mode or the operation is not built into this configuration"
    WEIGHTS = 4, "the weights do not fit the weight ring"
    CHANNELS = 5, "the channels' parameters do not fit the parameter ring"
    ROWS = 6, "the rows of a window do not fit the line buffer"
    REORDER = 7, "an output row does not fit the reorder ring"
    LANES = 8, "depthwise channels are no multiple of cout_lanes"
    JOB_SHORT = 9, "the job packet ended early; zeros were put in"
    JOB_LONG = 10, "the job packet went on after its end; the rest was dropped"
    ACT_SHORT = 11, "the activation packet ended early; pad values were put in"
    ACT_LONG = 12, "the activation packet went on after its end; the rest was dropped"

    def __new__(cls, value, meaning):
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    @property
    def discards(self):
        """Whether the job is thrown away and answered with a single beat."""
        return 0 < self <= ErrorCode.LANES
