"""The one reference: convolution and requantisation in whole-number numpy, bit for bit."""

from convloom.golden.conv import accumulate
from convloom.golden.requant import requantise, rescale

__all__ = ["accumulate", "requantise", "rescale"]
