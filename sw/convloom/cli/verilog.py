"""`convloom verilog`: the engine as files that Vivado, LiteX, FuseSoC or a plain Yosys flow take."""

from pathlib import Path

from convloom.device.toolchain import amaranth
from convloom.fusesoc import core, testbench
from convloom.spec import PRESETS, preset


def add_arguments(parser):
    parser.add_argument("--config", default="small", help=f"one of {', '.join(PRESETS)} (default: small)")
    parser.add_argument(
        "--output", type=Path, default=Path("build/verilog"), help="folder (default: build/verilog)"
    )


def run(arguments):
    config = preset(arguments.config)
    amaranth()  # tells how to install it where it is missing
    from convloom_rtl.export import system_verilog, verilog_2005

    arguments.output.mkdir(parents=True, exist_ok=True)
    for suffix, convert in (
        (".sv", system_verilog),
        (".v", verilog_2005),
        ("_tb.v", testbench),
        (".core", core),
    ):
        path = arguments.output / f"convloom_{config.name}{suffix}"
        path.write_text(convert(config), encoding="utf-8", newline="\n")
        print(path)
