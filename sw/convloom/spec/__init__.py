"""The one truth, as data: configuration, job format, registers, errors. Gateware, driver, C header and docs read it."""

from convloom.spec.config import PRESETS, Config, preset
from convloom.spec.errors import ErrorCode
from convloom.spec.job import DESCRIPTOR, RECORD, Op
from convloom.spec.registers import REGISTERS
from convloom.spec.rounding import Rounding

__all__ = ["DESCRIPTOR", "PRESETS", "RECORD", "REGISTERS", "Config", "ErrorCode", "Op", "Rounding", "preset"]
