"""Writes what follows from the spec: `docs/registers.md` for people and `convloom_regs.h` for C.

`python -m convloom.spec.render` writes both into the source tree; `--check` only says which are stale.
"""

import argparse
import sys
from pathlib import Path

from convloom.spec.config import PRESETS
from convloom.spec.errors import ErrorCode
from convloom.spec.job import (
    DESCRIPTOR,
    DESCRIPTOR_BYTES,
    FORMAT_VERSION,
    MAGIC,
    OFFSETS,
    RECORD,
    RECORD_BYTES,
    Op,
)
from convloom.spec.registers import (
    ADDRESS_BITS,
    CONFIGURATION,
    CONTROL,
    COUNTERS,
    IDENTITY,
    REGISTER_VERSION,
    REGISTERS,
    REPORT,
    REPORT_WORDS,
)
from convloom.spec.rounding import Rounding

ROOT = Path(__file__).parents[3]  # of the source tree
SOURCE = "python -m convloom.spec.render"
GROUPS = (
    (
        "Configuration",
        CONFIGURATION,
        "What the engine was built with. The driver reads it when it opens a device.",
    ),
    ("Control and status", CONTROL, "A soft reset leaves ERROR, INTERRUPT and INTERRUPT_MASK as they are."),
    ("Counters", COUNTERS, "Running totals. Busy and lost cycles together are all cycles."),
    (
        "The oldest report",
        REPORT,
        "As many as STATUS.reports says can be read; REPORT_POP goes on to the next.",
    ),
)

HEAD = f"""\
# Registers and the job format

Made by `{SOURCE}` from `sw/convloom/spec`; do not edit.

AXI4-Lite, {ADDRESS_BITS} address bits, 32-bit registers at byte addresses; version {REGISTER_VERSION}.
An address that is not listed, and a write to a register that cannot be written, is answered with SLVERR.
"""
JOB = f"""\
## Job packet

Version {FORMAT_VERSION} of the format: a descriptor of {DESCRIPTOR_BYTES} bytes, a record of {RECORD_BYTES}
bytes for each output channel, filled up to whole tiles of `cout_lanes`, and the weight words in the order
of k tile, window row, run, chunk. A word is `cout_lanes` beats, beat l holding the `cin_lanes` bytes of
lane l; a run's last word is filled up with zeros. Each section starts on a beat of its own, all numbers are
little endian, and fields lie without gaps from bit 0 of byte 0.
"""
CODES = """\
## Error codes

A job has one code: of its packet, or if that is in order, of its activations. Of a descriptor's errors the
first counts, in the order FORMAT, NOT_BUILT_IN, RANGE, WEIGHTS, CHANNELS, ROWS, REORDER, LANES.
"""


def table(heads, rows):
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def bit_span(offset, bits):
    """`7:0`, or `4` for a single bit."""
    return f"{offset + bits - 1}:{offset}" if bits > 1 else str(offset)


def part_rows(register):
    """A line for each part; the register's own cells only on the first."""
    offset = 0
    for part in register.parts:
        own = ("", "", "") if offset else (f"0x{register.address:02X}", register.name, register.access.value)
        yield (*own, bit_span(offset, part.bits), part.name, part.meaning)
        offset += part.bits


def registers_section():
    """All registers, group by group."""
    yield HEAD
    for title, registers, text in GROUPS:
        rows = [row for register in registers for row in part_rows(register)]
        yield f"## {title}\n\n{text}\n"
        yield table(("address", "register", "access", "bits", "part", "meaning"), rows)


def field_rows(fields):
    """A line for each field of a packed record: bits, name, range where one is checked, meaning."""
    offset = 0
    for field in fields:
        narrowest, widest = field.limits
        least, most = max(field.least, narrowest) if field.least else narrowest, field.most
        checked = field.least or most is not None or field.signed
        span = f"{least} to {widest if most is None else most}" if checked else ""
        yield bit_span(offset, field.bits), field.name, span, field.meaning
        offset += field.bits


def job_section():
    """The job packet."""
    yield JOB
    yield "### Descriptor\n"
    yield table(("bits", "field", "range", "meaning"), field_rows(DESCRIPTOR))
    yield "### Record of an output channel\n"
    yield table(("bits", "field", "range", "meaning"), field_rows(RECORD))


def codes_section():
    """Error codes, reports, configurations."""
    yield CODES
    runs = {True: "discarded, answered with one beat", False: "runs to its end"}
    rows = [(int(code), code.name, runs[code.discards], code.meaning) for code in ErrorCode]
    yield table(("code", "name", "the job", "meaning"), rows)
    yield "## Words of a report\n"
    yield table(("word", "name", "meaning"), [(n, *word) for n, word in enumerate(REPORT_WORDS)])
    yield "## Configurations by name\n"
    names = (
        "cin_lanes",
        "cout_lanes",
        "requant_lanes",
        "multipliers",
        "line_bytes",
        "weight_words",
        "parameter_words",
    )
    rows = [
        (f"`{name}`", *(getattr(config, field) for field in names), f"0x{config.hash:08X}")
        for name, config in PRESETS.items()
    ]
    yield table(("name", *names, "hash"), rows)


def markdown():
    """The text of docs/registers.md."""
    return "\n".join((*registers_section(), *job_section(), *codes_section()))


def define(name, value, comment=""):
    """A line of C."""
    return f"#define CONVLOOM_{name} {value}" + (f"  /* {comment} */" if comment else "")


def header_lines():
    """The C header, line by line."""
    yield f"/* Made by {SOURCE} from sw/convloom/spec; do not edit. */"
    yield "#ifndef CONVLOOM_REGS_H\n#define CONVLOOM_REGS_H\n"
    yield define("IDENTITY_VALUE", f"0x{IDENTITY:08X}u")
    yield define("REGISTER_VERSION", f"{REGISTER_VERSION}u")
    yield "\n/* Registers: byte addresses, and the place of parts that are not the whole word. */"
    for register in REGISTERS.values():
        yield define(register.name, f"0x{register.address:02X}u", register.access.value)
        offset = 0
        for part in register.parts if len(register.parts) > 1 or register.parts[0].bits < 32 else ():
            yield define(f"{register.name}_{part.name.upper()}_SHIFT", f"{offset}u")
            yield define(
                f"{register.name}_{part.name.upper()}_MASK", f"0x{((1 << part.bits) - 1) << offset:X}u"
            )
            offset += part.bits
    yield "\n/* Words of a report, in the order of the REPORT_ registers. */"
    yield define("REPORT_WORDS", f"{len(REPORT_WORDS)}u")
    yield "\n/* The job packet. */"
    yield define("JOB_MAGIC", f"0x{MAGIC:04X}u")
    yield define("JOB_FORMAT_VERSION", f"{FORMAT_VERSION}u")
    yield define("DESCRIPTOR_BYTES", f"{DESCRIPTOR_BYTES}u")
    yield define("RECORD_BYTES", f"{RECORD_BYTES}u")
    for field in DESCRIPTOR:
        yield define(f"JOB_{field.name.upper()}_BIT", f"{OFFSETS[field.name]}u", f"{field.bits} bits")
    for kind, enum in (("OP", Op), ("ROUNDING", Rounding), ("ERROR", ErrorCode)):
        yield ""
        yield from (define(f"{kind}_{member.name}", f"{int(member)}u") for member in enum)
    yield "\n#endif"


def header():
    """The text of convloom_regs.h."""
    return "\n".join(header_lines()) + "\n"


def targets(root=ROOT):
    """What is written where: path to text."""
    return {
        root / "docs/registers.md": markdown(),
        root / "sw/convloom/device/harness/convloom_regs.h": header(),
    }


def stale(root=ROOT):
    """The paths whose files are missing or not as the spec says now."""
    return [path for path, text in targets(root).items() if not path.is_file() or path.read_text() != text]


def write(root=ROOT):
    """Writes both files."""
    for path, text in targets(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def main(arguments=None):
    """The command; 1 when `--check` finds a stale file."""
    parser = argparse.ArgumentParser(prog=SOURCE, description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is stale")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the source tree (default: this one)")
    options = parser.parse_args(arguments)
    if not options.check:
        write(options.root)
        return 0
    for path in stale(options.root):
        print(f"{path} is stale: run {SOURCE}", file=sys.stderr)
    return 1 if stale(options.root) else 0


if __name__ == "__main__":
    sys.exit(main())
