"""A testbench in plain Verilog: one job, whose answer the golden model gives here, and a few registers."""

from importlib import resources

from convloom.device.golden_engine import answer
from convloom.fpga.self_test import self_test_job
from convloom.spec import REGISTERS
from convloom.spec.registers import configuration_words

CYCLES = 20_000  # clock cycles after which an answer is late


def testbench(config):
    """The text of the testbench of an engine, module <top module>_tb. It ends with PASS, or by $fatal.

    Raises ValueError for a Config that cannot hold the job.
    """
    job = self_test_job(config)
    output, _ = answer(job.job, job.act, config)
    macros = {
        "TOP": config.module_name,
        "TESTBENCH": f"{config.module_name}_tb",
        "CIN_LANES": config.cin_lanes,
        "COUT_LANES": config.cout_lanes,
        "CYCLES": CYCLES,
        **_packet("JOB", job.job),
        **_packet("ACT", job.act),
        **_packet("ANSWER", output),
        **_words({**configuration_words(config), "JOBS_DONE": 1, "JOBS_FAILED": 0}),
    }
    defined = "".join(f"`define CONVLOOM_{name} {value}\n" for name, value in macros.items())
    return defined + resources.files("convloom.fusesoc").joinpath("testbench.v").read_text("utf-8")


def _packet(name, packet):
    """A packet's length, and its bytes as one number, byte 0 lowest."""
    number = int.from_bytes(packet, "little")
    return {f"{name}_BYTES": len(packet), name: f"{8 * len(packet)}'h{number:x}"}


def _words(words):
    """Arguments (address, word) for each register in {name: word}."""
    return {name: f"8'h{REGISTERS[name].address:02x}, 32'h{word:08x}" for name, word in words.items()}
