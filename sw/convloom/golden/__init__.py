"""The one reference: convolution and requantisation in whole-number numpy, bit for bit."""

from convloom.golden.conv import accumulate
from convloom.golden.requant import requantise, rescale
from convloom.golden.transpose import conv_transpose2d
from convloom.golden.zero_points import signed, subtract_weight_zero_points

__all__ = ["accumulate", "conv_transpose2d", "requantise", "rescale", "signed", "subtract_weight_zero_points"]
