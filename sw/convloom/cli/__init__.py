"""The command line: `convloom COMMAND ...`. Each command is one file here, imported when it is called.

A command's module has `add_arguments(parser)` and `run(arguments)`, which returns the exit code (None is 0).
Exit codes: 0 it is done, 1 it failed and said why, 2 the call was wrong.
"""

import argparse
import sys
from importlib import import_module, metadata

from convloom.errors import DeviceError

COMMANDS = {
    "bench": "measure how busy the multipliers are: networks on the simulated RTL",
    "bench-sim": "measure how fast the simulated device runs and is built",
    "bitstream": "make a board's bitstream: an engine that tests itself, its pins, placed and packed",
    "demo": "slide a 3x3 kernel over a picture, then take a photograph and digits through the simulated engine",
    "doctor": "check what the simulated device and the tests need, and say how to repair what is missing",
    "explain": "draw a network's feature maps, and what its channels respond to",
    "fpga": "place an engine on a chip: its area, clock and critical path, by Yosys and nextpnr",
    "plan": "show how a layer is cut into jobs, their cycles and buffers, and why",
    "profile": "show where a network's time goes: a table, and a page with the network drawn",
    "run": "give a network's answer to a picture, on a device: a .tflite or .onnx file, or digits",
    "verilog": "write the engine of a configuration as SystemVerilog and as Verilog 2005",
}
# Told in a line; anything else is a bug and keeps its traceback.
EXPECTED = (DeviceError, ValueError, OSError)


def main(argv=None):
    """Runs the command in `argv` (default: sys.argv). Returns the exit code."""
    chosen = _parser().parse_args(argv)
    module = import_module(f"convloom.cli.{chosen.command.replace('-', '_')}")
    parser = argparse.ArgumentParser(f"convloom {chosen.command}", description=COMMANDS[chosen.command])
    module.add_arguments(parser)
    try:
        return module.run(parser.parse_args(chosen.arguments)) or 0
    except EXPECTED as error:
        print(f"convloom {chosen.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser():
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:{width}}  {meaning}" for name, meaning in COMMANDS.items())
    parser = argparse.ArgumentParser(
        "convloom",
        description=f"An int8 convolution engine for FPGAs.\n\ncommands:\n{listed}",
        epilog="`convloom COMMAND --help` tells a command's options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"convloom {metadata.version('convloom')}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="one of the commands above")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="the command's own")
    return parser
