"""Chips whose own multipliers and memories the primitives become. Which one, Amaranth's `platform` says."""

from amaranth.hdl import EnableInserter

from convloom_rtl.chips.ecp5 import Ecp5
from convloom_rtl.chips.ice40 import Ice40


def chip_of(platform):
    """The chip that a `platform` stands for; None where the portable forms are to be left to synthesis.

    An Ecp5 or Ice40 stands for itself: ``rtlil.convert(engine, platform=Ecp5())``. Others tell by their `family`, a
    name or an object that has one: "ecp5", "ice40", as the platforms of amaranth-boards do. Of the iCE40s only the
    UltraPlus has multipliers.
    """
    if isinstance(platform, Ecp5 | Ice40):
        return platform
    family = getattr(platform, "family", None)
    name = str(getattr(family, "name", family)).lower()
    if name == "ecp5":
        return Ecp5()
    if name == "ice40" and getattr(platform, "device", "iCE40UP").startswith("iCE40UP"):
        return Ice40()
    return None


def idle_without(runs, part, platform):
    """`part`, whose registers stand still in cycles without `runs` unless `platform` stands for a chip.

    For parts that nobody looks at then: to simulate a register that stands still takes no time, and on a chip its
    enable would be only in the way.
    """
    return part if chip_of(platform) else EnableInserter(runs)(part)
