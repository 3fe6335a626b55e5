"""How accumulators become bytes: the parameters of a requantisation, per tensor or per output channel."""

from dataclasses import dataclass

import numpy as np

from convloom import checks
from convloom.spec.rounding import Rounding

RANGES = {"int8": (-128, 127), "uint8": (0, 255)}
MOST_SHIFT = 31


@dataclass(frozen=True, eq=False)
class Requant:
    """out = clamp(round(acc * multiplier / 2**(31 + shift)) + output_zero_point), rounded as `rounding` says.

    Parameters
    ----------
    multiplier : 0 to 2**31 - 1, one for all channels or a 1-D array with one for each. In mode "float32" it
        is the scale's 24-bit mantissa << 7, so its lowest seven bits are 0.
    shift : right shift, likewise; -31 to 31. The device shifts by 0 to 31; below 0, a scale of 1 or more, the
        host requantises the raw accumulators.
    output_zero_point : added after rounding
    clamp : (least, greatest) output, both reached; by default all of dtype's range
    rounding : "double", "double_up", "single" or "float32", or a spec.Rounding
    dtype : of the output, "int8" or "uint8"

    Raises ValueError with what was expected and what came.
    """

    multiplier: int | np.ndarray
    shift: int | np.ndarray
    output_zero_point: int = 0
    clamp: tuple[int, int] | None = None
    rounding: Rounding | str = "double"
    dtype: str = "int8"

    def __post_init__(self):
        if self.dtype not in RANGES:
            raise ValueError(f"dtype must be 'int8' or 'uint8', not {self.dtype!r}")
        rounding = Rounding.parse(self.rounding)
        multiplier = _per_channel("multiplier", self.multiplier, 0, (1 << 31) - 1)
        if rounding is Rounding.FLOAT32 and np.any(np.bitwise_and(multiplier, 0x7F)):
            raise ValueError(f"multiplier must be a 24-bit mantissa << 7 in mode float32, not {multiplier}")
        least, most = RANGES[self.dtype]
        zero_point = checks.whole("output_zero_point", self.output_zero_point, least, most)
        self._set("rounding", rounding)
        self._set("multiplier", multiplier)
        self._set("shift", _per_channel("shift", self.shift, -MOST_SHIFT, MOST_SHIFT))
        self._set("output_zero_point", zero_point)
        self._set("clamp", self._checked_clamp(least, most))
        self._require_equal_lengths()

    def _set(self, name, value):
        object.__setattr__(self, name, value)

    def _checked_clamp(self, least, most):
        if self.clamp is None:
            return least, most
        if not isinstance(self.clamp, tuple | list) or len(self.clamp) != 2:
            raise ValueError(f"clamp must be a pair (least, greatest), not {self.clamp!r}")
        low, high = (checks.whole("a clamp", bound, least, most) for bound in self.clamp)
        if low > high:
            raise ValueError(f"clamp must be (least, greatest), not {self.clamp!r}")
        return low, high

    def _require_equal_lengths(self):
        lengths = {np.size(each) for each in (self.multiplier, self.shift) if np.ndim(each)}
        if len(lengths) > 1:
            raise ValueError(
                f"multiplier and shift must have one value for each channel, not {np.size(self.multiplier)} "
                f"and {np.size(self.shift)}"
            )

    def channels(self, count):
        """(multiplier, shift), int64 [count] each. Raises ValueError where they are for another count."""
        for name in ("multiplier", "shift"):
            value = getattr(self, name)
            if np.ndim(value) and len(value) != count:
                raise ValueError(f"{name} must have one value for each of {count} channels, not {len(value)}")
        return tuple(
            np.broadcast_to(np.asarray(value, np.int64), (count,)) for value in (self.multiplier, self.shift)
        )

    @classmethod
    def from_scales(
        cls,
        input_scale,
        weight_scales,
        output_scale,
        output_zero_point=0,
        clamp=None,
        rounding="double",
        dtype="int8",
    ):
        """The Requant of a layer that is described by its scales.

        Parameters
        ----------
        input_scale, output_scale : positive floats; taken as float32, as model files hold them
        weight_scales : one, or one for each output channel

        The integer modes take the product of the scales in float64 and split it as TFLite's
        `QuantizeMultiplier` does. "float32" takes it in float32, as ONNX Runtime and XNNPACK do. A product
        below 2**-32 becomes 0. Raises ValueError for a scale that is not positive, or a product of 2**31 or
        more.
        """
        rounding = Rounding.parse(rounding)
        number = np.float32 if rounding is Rounding.FLOAT32 else np.float64
        scales = (
            ("input_scale", input_scale),
            ("weight_scales", weight_scales),
            ("output_scale", output_scale),
        )
        x, w, y = (_scale(name, value).astype(number) for name, value in scales)
        if x.ndim or y.ndim:
            raise ValueError("input_scale and output_scale must be one number each, not one for each channel")
        with np.errstate(over="ignore", under="ignore"):
            multiplier, shift = _multiplier_and_shift(x * w / y)
        return cls(multiplier, shift, output_zero_point, clamp, rounding, dtype)


def _per_channel(name, value, least, most):
    """An int, or a read-only int64 array [channels]."""
    if np.ndim(value) == 0:
        return checks.whole(name, value[()] if isinstance(value, np.ndarray) else value, least, most)
    values = np.asarray(value)
    if values.ndim != 1 or values.dtype.kind not in "iu" or not values.size:
        raise ValueError(
            f"{name} must be a whole number or one for each channel, not {values.dtype} {list(values.shape)}"
        )
    wrong = (values < least) | (values > most)
    if wrong.any():
        raise ValueError(f"{name} must be from {least} to {most}, not {values[wrong][0]}")
    values = values.astype(np.int64)
    values.flags.writeable = False
    return values


def _scale(name, value):
    scale = np.asarray(value, np.float32)
    if scale.ndim > 1 or not scale.size or not np.all((scale > 0) & np.isfinite(scale)):
        raise ValueError(
            f"{name} must be positive and finite, a number or one for each channel, not {value!r}"
        )
    return scale


def _multiplier_and_shift(scale):
    """The multiplier in [2**30, 2**31) or 0 and the right shift, whose quotient is nearest to `scale`."""
    fraction, exponent = np.frexp(scale)
    if not np.all(np.isfinite(scale)) or np.any(exponent > MOST_SHIFT):
        raise ValueError(
            f"input_scale * weight_scales / output_scale must be below 2**31, not {np.max(scale)}"
        )
    multiplier = np.floor(np.float64(fraction) * 2**31 + 0.5).astype(np.int64)
    full = multiplier == 1 << 31
    multiplier, exponent = np.where(full, multiplier // 2, multiplier), exponent + full
    flushed = exponent < -MOST_SHIFT
    multiplier, shift = np.where(flushed, 0, multiplier), np.where(flushed, 0, -exponent)
    return (multiplier, shift) if scale.ndim else (int(multiplier), int(shift))
