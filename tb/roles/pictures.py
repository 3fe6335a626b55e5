"""Activation packets of every kind, and the rows that have to lie in the line buffer for them."""

from dataclasses import dataclass
from math import ceil

from convloom.spec import ErrorCode
from roles.unit import input_beats_of


@dataclass(frozen=True)
class Picture:
    """A job's rows, `data` bytes in all, and what really comes of them: `sent` bytes."""

    rows: int
    row_bytes: int
    data: bytes
    sent: bytes
    pad_value: int
    discard: bool = False
    slot_given: int | None = None

    @property
    def load_job(self):
        """What the act loader gets, without the slot."""
        return {
            "in_h": self.rows,
            "row_bytes": self.row_bytes,
            "pad_value": self.pad_value,
            "discard": self.discard,
        }

    def slot(self, lanes):
        """Words that one of its rows takes."""
        return self.slot_given or ceil(self.row_bytes / lanes) + (self.row_bytes % lanes > 0)

    def code(self, lanes):
        """The error that the loader has to find."""
        if self.discard:
            return ErrorCode.NONE
        if len(self.sent) < len(self.data):
            return ErrorCode.ACT_SHORT
        long = ceil(len(self.sent) / lanes) > ceil(len(self.data) / lanes)
        return ErrorCode.ACT_LONG if long else ErrorCode.NONE

    def stored(self):
        """Its rows as int8 lists: what did not come is the pad value."""
        if self.discard:
            return []
        kept = [byte - 256 if byte > 127 else byte for byte in self.sent[: len(self.data)]]
        kept += [self.pad_value] * (len(self.data) - len(kept))
        return [kept[n * self.row_bytes : (n + 1) * self.row_bytes] for n in range(self.rows)]


def random_picture(rng, config, *, most_bytes=120, faults=True):
    """Any picture of which at least one row fits; one in three is short, long or discarded."""
    row_bytes = rng.randint(1, rng.choice((3, 9, config.bank_words * config.cin_lanes // 2)))
    rows = rng.randint(1, min(max(1, most_bytes // row_bytes), 20))
    data = sent = rng.randbytes(rows * row_bytes)
    fault = rng.choice(("short", "long", "filled", "discard", *["none"] * 8)) if faults else "none"
    if fault == "short":
        sent = data[: rng.randrange(len(data))]
    elif fault == "long":
        sent = data + rng.randbytes(config.cin_lanes * rng.randint(1, 3))
    elif fault == "filled":
        sent = data + rng.randbytes(-len(data) % config.cin_lanes)
    return Picture(rows, row_bytes, data, sent, rng.randint(-128, 127), fault == "discard")


def act_beats(pictures, lanes):
    """The beats of all their packets."""
    return [beat for picture in pictures for beat in input_beats_of(picture.sent, lanes)]


def load_jobs(pictures, lanes):
    """What the act loader gets of them."""
    return [picture.load_job | {"slot": picture.slot(lanes)} for picture in pictures]
