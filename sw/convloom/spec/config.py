"""What is fixed when an engine is built: lanes, buffers, and what is left out."""

import zlib
from dataclasses import asdict, dataclass, fields, replace

from convloom.spec.rounding import Rounding

ROW_BANKS = 4  # of the line buffer; row r lies in bank r mod 4
TABLE_ROWS = 256  # rows whose place the line buffer remembers
ALL_ROUNDINGS = tuple(Rounding)


def _is_power_of_two(number):
    return number > 0 and number & (number - 1) == 0


@dataclass(frozen=True)
class Config:
    """One engine's configuration, checked when it is made.

    Parameters
    ----------
    name : its name; the top module is ``convloom_<name>`` (a hyphen becomes an underscore)
    cin_lanes : products of one dot product; a power of two from 4 to 64. Also the bytes of a beat of job and act.
    cout_lanes : dot products, 1 to 2 * cin_lanes. Also the bytes of a beat of the output.
    requant_lanes : accumulators requantised in a cycle; divides cout_lanes
    line_bytes : size of the line buffer; 4 banks, each a power of two of words of cin_lanes bytes
    weight_words : depth of the weight ring in words of cin_lanes * cout_lanes bytes; a power of two
    parameter_words : depth of the parameter ring of each requantiser lane; a power of two
    output_words : depth of the output ring in words of cout_lanes bytes; a power of two. A tile on its way takes a
        word, a raw one four; a depthwise output row may fill half of the ring.
    jobs_in_flight : jobs whose descriptors, parameters and weights may be on chip. With 1 no stage keeps what it
        has to know of a job: it is read in the descriptor's register, and the next job comes behind the answer.
    report_depth : reports kept until the host reads them; a power of two, or 0: jobs make no reports
    roundings : the rounding modes that are built in
    depthwise : whether the array can also work across taps

    Raises ValueError with what was expected and what came.
    """

    name: str = "custom"
    cin_lanes: int = 8
    cout_lanes: int = 8
    requant_lanes: int = 8
    line_bytes: int = 64 << 10
    weight_words: int = 1024
    parameter_words: int = 512
    output_words: int = 64
    jobs_in_flight: int = 4
    report_depth: int = 16
    roundings: tuple = ALL_ROUNDINGS
    depthwise: bool = False

    def __post_init__(self):
        for field in fields(self):
            value = getattr(self, field.name)
            least = 0 if field.name == "report_depth" else 1
            if field.type is int and (not isinstance(value, int) or isinstance(value, bool) or value < least):
                raise ValueError(f"{field.name} must be a positive whole number, not {value!r}")
        object.__setattr__(self, "roundings", tuple(sorted(Rounding.parse(mode) for mode in self.roundings)))
        self._require("cin_lanes", self.cin_lanes in (4, 8, 16, 32, 64), "4, 8, 16, 32 or 64")
        most = 2 * self.cin_lanes
        self._require("cout_lanes", self.cout_lanes <= most, f"1 to 2 * cin_lanes = {most}")
        divides = self.cout_lanes % self.requant_lanes == 0
        self._require("requant_lanes", divides, f"a divisor of cout_lanes = {self.cout_lanes}")
        for name in ("line_bytes", "weight_words", "parameter_words", "output_words"):
            self._require(name, _is_power_of_two(getattr(self, name)), "a power of two")
        has_reports = _is_power_of_two(self.report_depth)
        self._require("report_depth", has_reports or not self.report_depth, "a power of two, or 0")
        self._require(
            "line_bytes", 4 <= self.bank_words <= 4096, f"{16 * self.cin_lanes} to {16384 * self.cin_lanes}"
        )
        self._require("output_words", 8 <= self.output_words <= 1 << 14, "8 to 16384")
        self._require(
            "weight_words", self.weight_words <= 1 << 19, "at most 524288, which the descriptor can say"
        )
        self._require("jobs_in_flight", self.jobs_in_flight <= 8, "1 to 8")
        self._require(
            "roundings",
            self.roundings and len(set(self.roundings)) == len(self.roundings),
            "one or more modes",
        )
        fits = self.cout_lanes % self.cin_lanes == 0 or self.cin_lanes % self.cout_lanes == 0
        self._require(
            "depthwise",
            fits or not self.depthwise,
            f"False where cout_lanes = {self.cout_lanes} is no multiple or divisor of cin_lanes = {self.cin_lanes}",
        )

    def _require(self, name, holds, expected):
        if not holds:
            raise ValueError(f"{name} must be {expected}, not {getattr(self, name)!r}")

    @property
    def multipliers(self):
        """Products of an activation and a weight in one cycle."""
        return self.cin_lanes * self.cout_lanes

    @property
    def bank_words(self):
        """Words of cin_lanes bytes in each of the line buffer's four banks."""
        return self.line_bytes // (ROW_BANKS * self.cin_lanes)

    @property
    def passes(self):
        """Requantiser passes for one tile, and parameter words for one tile."""
        return self.cout_lanes // self.requant_lanes

    @property
    def is_least(self):
        """Whether one job at a time is on chip: for chips with so few cells that they count more than the clock.

        What stays the same for a job is read in its descriptor, and registers that only shorten paths are left out.
        """
        return self.jobs_in_flight == 1

    @property
    def relay(self):
        """Registers that a signal is given for its way across a chip: one, in the least engine none."""
        return 0 if self.is_least else 1

    @property
    def module_name(self):
        """Name of the top module."""
        return "convloom_" + self.name.replace("-", "_")

    @property
    def hash(self):
        """32 bits that tell two configurations apart: the CRC-32 of all fields but the name, in order."""
        values = {**asdict(self), "roundings": [int(mode) for mode in self.roundings]}
        del values["name"]
        return zlib.crc32(repr(sorted(values.items())).encode())

    def named(self, name):
        """The same engine under another name."""
        return replace(self, name=name)


PRESETS = {
    config.name: config
    for config in (
        Config("tiny", 4, 1, 1, line_bytes=32 << 10, weight_words=4096, output_words=8192, depthwise=True),
        Config("small", 8, 8, 8, output_words=2048, depthwise=True),
        Config("medium", 16, 8, 8, output_words=2048, depthwise=True),
        Config("large", 16, 16, 16, output_words=1024, depthwise=True),
        Config("medium-q4", 16, 8, 4, output_words=2048, depthwise=True),
        Config("small-45k", 8, 8, 2, output_words=2048, depthwise=True),
        Config(
            "tiny-up5k",
            4, 1, 1,
            line_bytes=8 << 10, weight_words=256, parameter_words=64, jobs_in_flight=1, report_depth=0,
            roundings=(Rounding.DOUBLE, Rounding.DOUBLE_UP, Rounding.SINGLE),
        ),
        Config("odd-8x6", 8, 6, 2, roundings=(Rounding.DOUBLE, Rounding.DOUBLE_UP, Rounding.SINGLE)),
        Config("odd-4x8", 4, 8, 2, output_words=2048, depthwise=True),
    )
}  # fmt: skip


def preset(name):
    """The configuration of that name. Raises ValueError with the names that there are."""
    if name not in PRESETS:
        raise ValueError(f"config must be one of {', '.join(PRESETS)}, not {name!r}")
    return PRESETS[name]
