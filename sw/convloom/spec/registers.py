"""The AXI4-Lite registers, 32 bits each, and the words of a report."""

from dataclasses import dataclass
from enum import Enum

from convloom.spec.errors import ErrorCode
from convloom.spec.job import FORMAT_VERSION
from convloom.spec.rounding import Rounding

IDENTITY = 0x4D4F4F4C  # "LOOM" in the order of the bytes
REGISTER_VERSION = 1
ADDRESS_BITS = 8
MACS_BITS = 64


class Access(Enum):
    """Who changes a register."""

    CONSTANT = "constant"
    READ = "read only"
    WRITE_ONE_CLEARS = "write 1 to clear"
    READ_WRITE = "read and write"
    ACTION = "write 1 to act, reads as 0"


@dataclass(frozen=True)
class Part:
    """Bits of a register, from the lowest free one on."""

    name: str
    bits: int
    meaning: str


@dataclass(frozen=True)
class Register:
    """A 32-bit register at a byte address."""

    name: str
    address: int
    access: Access
    parts: tuple

    def unpack(self, word):
        """The parts by name in a word that was read."""
        values = {}
        for part in self.parts:
            values[part.name] = word & ((1 << part.bits) - 1)
            word >>= part.bits
        return values

    def pack(self, **values):
        """The word of these parts; those not given are 0. Raises ValueError for one that does not fit."""
        word, offset = 0, 0
        for part in self.parts:
            value = int(values.pop(part.name, 0))
            if not 0 <= value < 1 << part.bits:
                raise ValueError(f"{self.name}.{part.name} must fit {part.bits} bits, not be {value}")
            word |= value << offset
            offset += part.bits
        if values:
            raise ValueError(f"{self.name} has no {', '.join(values)}")
        return word


class Cause(Enum):
    """Why the array had nothing to multiply in a cycle. With the busy cycles they add up to all cycles."""

    DESCRIPTOR = "no job was there"
    WEIGHTS = "the job's weights were not all there"
    ACTIVATIONS = "the bytes of the window were not there yet"
    OUTPUT = "no output slot was free"
    DRAIN = "fill and drain: no job, but outputs on their way"
    ISSUE = "the walker itself: between jobs, or while a requantiser with fewer lanes works"


REPORT_WORDS = (
    ("job", "number of the job in the low half, error code in bits 16 to 23"),
    ("cycles", "clock cycles from the end of issue of the job before to its own"),
    ("busy", "cycles in which the array multiplied"),
    ("macs_low", "useful MACs, low half"),
    ("macs_high", "useful MACs, high half"),
    *((f"lost_{cause.name.lower()}", f"cycles lost: {cause.value}") for cause in Cause),
)
REPORT_STRIDE = 16  # words set aside for a report


def _word(name, meaning):
    return (Part(name, 32, meaning),)


def _counter(name, address, meaning):
    """A 64-bit counter in two registers. The low half must be read first: it holds the high half still."""
    return (
        Register(f"{name}_LOW", address, Access.READ, _word("low", f"{meaning}, low half; read it first")),
        Register(f"{name}_HIGH", address + 4, Access.READ, _word("high", f"{meaning}, high half")),
    )


CONFIGURATION = (
    Register("IDENTITY", 0x00, Access.CONSTANT, _word("identity", f"0x{IDENTITY:08X}")),
    Register(
        "VERSION",
        0x04,
        Access.CONSTANT,
        (Part("registers", 8, "version of this map"), Part("job_format", 8, "version of the job format")),
    ),
    Register("CONFIG_HASH", 0x08, Access.CONSTANT, _word("hash", "CRC-32 of the configuration")),
    Register(
        "LANES",
        0x0C,
        Access.CONSTANT,
        (
            Part("cin_lanes", 8, "products of a dot product"),
            Part("cout_lanes", 8, "dot products"),
            Part("requant_lanes", 8, "requantiser lanes"),
            Part("jobs_in_flight", 8, "jobs on chip at once"),
        ),
    ),
    Register("LINE_BYTES", 0x10, Access.CONSTANT, _word("line_bytes", "line buffer in bytes")),
    Register("WEIGHT_WORDS", 0x14, Access.CONSTANT, _word("weight_words", "weight ring in words")),
    Register(
        "RINGS",
        0x18,
        Access.CONSTANT,
        (
            Part("parameter_words", 16, "parameter ring of each requantiser lane in words"),
            Part("output_words", 16, "output ring in words"),
        ),
    ),
    Register(
        "FEATURES",
        0x1C,
        Access.CONSTANT,
        (
            *(Part(f"rounding_{mode.name.lower()}", 1, f"mode {int(mode)} is built in") for mode in Rounding),
            Part("depthwise", 1, "depthwise jobs are built in"),
            Part("reserved", 3, "0"),
            Part("report_depth", 8, "reports kept"),
        ),
    ),
)

CONTROL = (
    Register(
        "CONTROL",
        0x20,
        Access.ACTION,
        (Part("soft_reset", 1, "drop all jobs; open input packets go to their TLAST"),),
    ),
    Register(
        "STATUS",
        0x24,
        Access.READ,
        (
            Part("busy", 1, "a job is on chip"),
            Part("error", 1, "an error is held in ERROR"),
            Part("reports_lost", 1, "a report found no room; cleared with the error"),
            Part("reserved", 5, "0"),
            Part("reports", 8, "reports to be read"),
        ),
    ),
    Register(
        "ERROR",
        0x28,
        Access.WRITE_ONE_CLEARS,
        (
            Part("code", 8, f"first error since it was cleared, 0 to {max(ErrorCode)}"),
            Part("errors", 8, "errors since then, at most 255"),
            Part("job_id", 16, "number of the first job in error"),
        ),
    ),
    Register(
        "INTERRUPT",
        0x2C,
        Access.WRITE_ONE_CLEARS,
        (Part("job_done", 1, "a job with the irq flag is done"), Part("error", 1, "a job had an error")),
    ),
    Register(
        "INTERRUPT_MASK",
        0x30,
        Access.READ_WRITE,
        (Part("job_done", 1, "let it through to the pin"), Part("error", 1, "let it through to the pin")),
    ),
    Register("REPORT_POP", 0x34, Access.ACTION, (Part("pop", 1, "the oldest report has been read"),)),
    Register("JOBS_DONE", 0x38, Access.READ, _word("jobs", "jobs answered, those in error too")),
    Register("JOBS_FAILED", 0x3C, Access.READ, _word("jobs", "jobs with an error")),
)

COUNTERS = (
    *_counter("CYCLES", 0x40, "cycles from the first beat in while there is anything to do"),
    *_counter("BUSY", 0x48, "cycles in which the array multiplied"),
    *_counter("MACS", 0x50, "useful MACs"),
    *(
        Register(
            f"LOST_{cause.name}", 0x58 + 4 * n, Access.READ, _word("cycles", f"cycles lost: {cause.value}")
        )
        for n, cause in enumerate(Cause)
    ),
    *(
        Register(
            f"BEATS_{stream}",
            0x70 + 4 * n,
            Access.READ,
            _word("beats", f"beats of {stream.lower()} transferred"),
        )
        for n, stream in enumerate(("JOB", "ACT", "OUT"))
    ),
)

REPORT = tuple(
    Register(f"REPORT_{name.upper()}", 0x80 + 4 * n, Access.READ, _word(name, f"oldest report: {meaning}"))
    for n, (name, meaning) in enumerate(REPORT_WORDS)
)

REGISTERS = {register.name: register for register in (*CONFIGURATION, *CONTROL, *COUNTERS, *REPORT)}


def configuration_words(config):
    """What the constant registers of an engine of that configuration read, by register name."""
    values = {
        "IDENTITY": {"identity": IDENTITY},
        "VERSION": {"registers": REGISTER_VERSION, "job_format": FORMAT_VERSION},
        "CONFIG_HASH": {"hash": config.hash},
        "LANES": {part.name: getattr(config, part.name) for part in REGISTERS["LANES"].parts},
        "LINE_BYTES": {"line_bytes": config.line_bytes},
        "WEIGHT_WORDS": {"weight_words": config.weight_words},
        "RINGS": {part.name: getattr(config, part.name) for part in REGISTERS["RINGS"].parts},
        "FEATURES": {
            **{f"rounding_{mode.name.lower()}": mode in config.roundings for mode in Rounding},
            "depthwise": config.depthwise,
            "report_depth": config.report_depth,
        },
    }
    return {name: REGISTERS[name].pack(**parts) for name, parts in values.items()}


def configuration_from_words(words):
    """Arguments of the Config whose constant registers read `words` (register name to word), its name left out."""
    parts = {}
    for name in ("LANES", "LINE_BYTES", "WEIGHT_WORDS", "RINGS", "FEATURES"):
        parts.update(REGISTERS[name].unpack(words[name]))
    built_in = tuple(mode for mode in Rounding if parts.pop(f"rounding_{mode.name.lower()}"))
    del parts["reserved"]
    return {**parts, "roundings": built_in, "depthwise": bool(parts["depthwise"])}
