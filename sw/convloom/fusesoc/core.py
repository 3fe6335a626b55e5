"""The description of an engine for FuseSoC, in its format CAPI2."""

from importlib import metadata, resources
from string import Template

# Verilator's warnings that Yosys' way of writing Verilog causes; tb/rtl/test_lint.py tells why for each.
WAIVED = (
    "DECLFILENAME",
    "PROCASSINIT",
    "UNUSEDSIGNAL",
    "WIDTHEXPAND",
    "WIDTHTRUNC",
    "CASEINCOMPLETE",
    "VARHIDDEN",
    "CMPCONST",
)


def core(config):
    """The text of the .core file of an engine; its files lie beside it.

    The core is called convloom:engine:<name of the Config>. Its targets are `lint` (Verilator) and `sim` (Icarus).
    """
    template = resources.files("convloom.fusesoc").joinpath("engine.core").read_text("utf-8")
    return Template(template).substitute(
        name=config.name,
        version=metadata.version("convloom"),
        top=config.module_name,
        lint=", ".join(["-Wall", *(f"-Wno-{rule}" for rule in WAIVED)]),
    )
