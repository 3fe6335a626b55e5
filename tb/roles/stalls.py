"""When a stream's side pauses: seeded, counted, and checked to have hit."""

import random

NAMES = ("none", "idle", "stalled", "both")  # idle: the inputs pause; stalled: the output's TREADY does


class Pauses:
    """How many cycles to wait before the next transfers, and how many of these then come in one go.

    `hits` counts the cycles in which a pause kept a willing other side waiting. A pause comes before the
    first transfer, so the shortest packet meets one.
    """

    def __init__(self, draw=None):
        self._draw = draw
        self.hits = 0
        self.wait, self._burst = draw() if draw else (0, 0)

    @property
    def paused(self):
        """Whether to hold back in this cycle."""
        return self.wait > 0

    def transferred(self):
        """One transfer was made: after the last one of its burst a new pause begins."""
        if self._draw:
            self._burst -= 1
            if self._burst <= 0:
                self.wait, self._burst = self._draw()

    def waited(self, kept_waiting):
        """One cycle of the pause is over. `kept_waiting`: the other side was willing in it."""
        self.wait -= 1
        self.hits += bool(kept_waiting)


def ragged(rng):
    """Mostly single cycles, now and then a pause or a burst that fills or drains a buffer."""

    def draw():
        if rng.random() < 0.03:
            return rng.randint(40, 160), rng.randint(20, 80)
        return rng.randint(1, 3), rng.randint(1, 6)

    return draw


def toggling():
    """Ready in every other cycle."""
    return 1, 1


class Stalls:
    """The pauses of a testbench: `job`, `act` and `out`, by the name of the pattern and a seed."""

    def __init__(self, name, seed):
        if name not in NAMES:
            raise ValueError(f"stalls must be one of {', '.join(NAMES)}, not {name!r}")
        self.name = name
        inputs, output = name in ("idle", "both"), name in ("stalled", "both")
        self.job = Pauses(ragged(random.Random(f"{seed} job")) if inputs else None)
        self.act = Pauses(ragged(random.Random(f"{seed} act")) if inputs else None)
        self.out = Pauses(ragged(random.Random(f"{seed} out")) if output else None)
        self._wanted = {"the inputs": inputs, "the output": output}

    def check(self):
        """Raises AssertionError where stalls were asked for and hit nothing: such a test shows nothing."""
        hits = {"the inputs": self.job.hits + self.act.hits, "the output": self.out.hits}
        for side, wanted in self._wanted.items():
            assert not wanted or hits[side], f"stalls {self.name!r} never hit {side}"
