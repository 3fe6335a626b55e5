"""An engine as a FuseSoC core: what describes it to FuseSoC, and a testbench that checks itself."""

from convloom.fusesoc.core import core
from convloom.fusesoc.testbench import testbench

__all__ = ["core", "testbench"]
