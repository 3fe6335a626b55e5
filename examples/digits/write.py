"""Writes the digits network as int8 .tflite and .onnx files: always the same bytes from the same weights.

python examples/digits/write.py FOLDER [WEIGHTS.npz]
"""

import sys
from pathlib import Path

import onnx_files
import tflite_file
from convloom.digits import FILES, network
from quantise import quantise


def main(folder, *weights):
    """Writes one file after the other, of the weights that come with Convloom or of others."""
    layers = quantise(network.load(*weights))
    contents = {
        "digits": tflite_file.write(layers),
        "digits_qlinear": onnx_files.write(layers, onnx_files.QLinear),
        "digits_qdq": onnx_files.write(layers, onnx_files.QDQ),
    }
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        path = Path(folder) / FILES[name]
        path.write_bytes(content)
        print(f"{path}: {len(content)} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
