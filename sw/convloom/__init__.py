"""Convloom: an int8 convolution engine for FPGAs, and the host library that drives it.

dev = convloom.open("sim")
y = dev.conv2d(x, w, bias, padding="same", requant=convloom.Requant(multiplier, shift))
answer = convloom.load("network.tflite").run(picture, dev)
"""

from convloom.device.device import Device
from convloom.device.opening import open
from convloom.errors import DeviceError, ModelError
from convloom.models import load
from convloom.requant import Requant
from convloom.spec import Config

__all__ = ["Config", "Device", "DeviceError", "ModelError", "Requant", "load", "open"]
