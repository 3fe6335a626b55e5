"""Your own kernel over your own picture, or over a cat.

python examples/emboss.py OUT.png [IN.png]
"""

import sys

import convloom
import numpy as np
from PIL import Image
from skimage.data import chelsea

KERNEL = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]], np.int8)

out, *source = sys.argv[1:]
photo = np.asarray(Image.open(source[0]).convert("RGB")) if source else chelsea()
w = np.zeros((3, 3, 3, 3), np.int8)  # a kernel for each colour, blind to the other two
for colour in range(3):
    w[colour, ..., colour] = KERNEL
with convloom.open("sim") as device:
    requant = convloom.Requant.from_scales(1.0, 0.5, 1.0, output_zero_point=64, dtype="uint8")
    embossed = device.conv2d(photo[None], w, requant=requant)[0]
    print(device.last_report.cycles, "cycles")
Image.fromarray(embossed).save(out)
