"""One layer in the four rounding modes: four different answers, each of them some runtime's.

python examples/rounding_modes.py [sim | golden]
"""

import sys

import convloom
import numpy as np

random = np.random.default_rng(7)
x = random.integers(-16, 17, (1, 40, 40, 8), np.int8)
w = random.integers(-16, 17, (16, 3, 3, 8), np.int8)

answers = {}
with convloom.open(sys.argv[1] if len(sys.argv) > 1 else "sim") as device:
    for rounding in ("double", "double_up", "single", "float32"):
        # A power of two, so that ties are common and the modes part.
        requant = convloom.Requant.from_scales(2.0**-3, 2.0**-2, 1.0, rounding=rounding)
        answers[rounding] = device.conv2d(x, w, requant=requant)
for rounding, answer in answers.items():
    differs = np.count_nonzero(answer != answers["double"])
    print(f"{rounding:10} {differs:5} of {answer.size} outputs are not those of double")
