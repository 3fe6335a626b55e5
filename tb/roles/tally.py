"""Counts what was compared, so that a test of nothing fails and a report has figures."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np


@dataclass
class Count:
    """Of one runtime, mode and class. `telling`: outputs that some other mode rounds in another way."""

    layers: int = 0
    outputs: int = 0
    telling: int = 0
    clamped: int = 0
    mismatches: int = 0

    def add(self, other):
        """Adds another's counts."""
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)


class Tally:
    """Compares arrays and counts them by (runtime, mode, class)."""

    def __init__(self):
        self.counts = defaultdict(Count)

    def compare(self, key, actual, expected, what, *, telling=0, clamped=0):
        """Raises AssertionError, with `what`, where two arrays differ in shape, dtype or any value."""
        assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, not {expected.shape}"
        assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, not {expected.dtype}"
        wrong = np.argwhere(actual != expected)
        self.counts[key].add(Count(1, actual.size, telling, clamped, len(wrong)))
        if len(wrong):
            first = tuple(wrong[0])
            raise AssertionError(
                f"{what}: {len(wrong)} of {actual.size} differ from {key}, first at {[*map(int, first)]}: "
                f"{actual[first]}, not {expected[first]}"
            )

    def finish(self):
        """Raises AssertionError where nothing was compared, or over a third of the outputs are on a clamp."""
        assert self.counts, "nothing was compared"
        for key, count in self.counts.items():
            assert count.outputs, f"{key}: nothing was compared"
            assert 3 * count.clamped <= count.outputs, (
                f"{key}: {count.clamped} of {count.outputs} outputs are on a clamp"
            )


def table(counts):
    """The lines of a table of {(runtime, mode, class): Count}."""
    figures = f"{'layers':>7} {'outputs':>9} {'telling':>8}"
    yield f"{'runtime':<20} {'mode':<10} {'class':<16} {figures}  mismatches"
    for (runtime, mode, kind), count in sorted(counts.items()):
        figures = f"{count.layers:>7} {count.outputs:>9} {count.telling or '':>8}"
        yield f"{runtime:<20} {mode:<10} {kind:<16} {figures} {count.mismatches:>11}"
