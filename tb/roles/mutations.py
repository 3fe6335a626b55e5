"""Damages model files and runs what is left of them, in a process of its own: a crash ends that one.

python mutations.py SEED COUNT FILE ...
"""

import json
import resource
import sys
import time
from pathlib import Path

import convloom
import numpy as np
import onnx

MOST_VALUES = 1 << 20  # of a network's tensors
MEMORY = 4 << 30  # bytes of addresses that the process may have
INTERESTING = (0, 1, 127, 128, 255)  # bytes at which sizes and signs turn
WILD = (0, 1, -1, 2, 7, 4097, 1 << 20, (1 << 31) - 1, -(1 << 63))  # sizes and counts that fit nothing


def mutated(content, rng, other):
    """The content cut, with bits flipped, bytes overwritten, or a part copied from elsewhere or from the `other`."""
    out, kind = bytearray(content), rng.integers(5)
    if kind == 0:
        return bytes(out[: rng.integers(len(out))])
    if kind == 1:
        for place in rng.integers(len(out), size=rng.integers(1, 9)):
            out[place] ^= 1 << rng.integers(8)
        return bytes(out)
    if kind == 2:
        for place in rng.integers(len(out), size=rng.integers(1, 5)):
            out[place] = rng.choice(INTERESTING)
        return bytes(out)
    source = out if kind == 3 else other
    length = int(rng.integers(1, min(64, len(source))))
    start, to = int(rng.integers(len(source) - length)), int(rng.integers(len(out)))
    replaced = length * int(rng.integers(2))  # in place, or squeezed in
    return bytes(out[:to] + source[start : start + length] + out[to + replaced :])


def restructured(content, rng):
    """An ONNX file that is whole, but for a number, a name or a type in it: bytes at random break most of them."""
    model = onnx.load_model_from_string(content)
    node = model.graph.node[rng.integers(len(model.graph.node))]
    constant = model.graph.initializer[rng.integers(len(model.graph.initializer))]
    wild, kind = int(rng.choice(WILD)), rng.integers(6)
    if kind == 0 and node.attribute:
        attribute = node.attribute[rng.integers(len(node.attribute))]
        attribute.i = wild
        if attribute.ints:
            attribute.ints[rng.integers(len(attribute.ints))] = wild
    elif kind == 1 and constant.dims:
        constant.dims[rng.integers(len(constant.dims))] = wild
    elif kind == 2:
        constant.raw_data = rng.bytes(len(constant.raw_data))
    elif kind == 3:
        size = model.graph.input[0].type.tensor_type.shape.dim
        size[rng.integers(len(size))].dim_value = wild
    elif kind == 4:
        names = [name for each in model.graph.node for name in (*each.input, *each.output)]
        node.input[rng.integers(len(node.input))] = names[rng.integers(len(names))]
    else:
        node.op_type = model.graph.node[rng.integers(len(model.graph.node))].op_type
    return model.SerializeToString()


def outcome(path, device):
    """ "ran", "large" for one that would take long, or what the file was refused with."""
    try:
        model = convloom.load(path)
        tensors = [*model.inputs, *(node.outputs[0] for node in model.nodes)]
        if sum(tensor.size for tensor in tensors) > MOST_VALUES:
            return "large"
        model.run(tuple(np.zeros(each.shape, each.dtype) for each in model.inputs), device)
    except convloom.ModelError as error:
        return str(error)
    return "ran"


def trial(paths, seed, count, folder):
    """Damages each file in turn. Gives the counts of what became of them, and the slowest's seconds and number."""
    rng, device = np.random.default_rng(seed), convloom.open("golden")
    contents, outcomes, slowest = [path.read_bytes() for path in paths], [], (0.0, 0)
    for number in range(count):
        path, content = paths[number % len(paths)], contents[number % len(paths)]
        damaged = folder / f"damaged{path.suffix}"
        whole = path.suffix == ".onnx" and rng.integers(2)
        other = contents[rng.integers(len(contents))]
        damaged.write_bytes(restructured(content, rng) if whole else mutated(content, rng, other))
        begun = time.monotonic()
        outcomes.append(outcome(damaged, device))
        slowest = max(slowest, (time.monotonic() - begun, number))
    counts = {name: outcomes.count(name) for name in ("ran", "large")}
    return counts | {"refused": count - sum(counts.values()), "seconds": slowest[0], "number": slowest[1]}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    seed, count, *files = sys.argv[1:]
    print(json.dumps(trial([Path(file) for file in files], int(seed), int(count), Path.cwd())))
