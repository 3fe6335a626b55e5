"""The gate: each step in order, never too early, and never later than it has to be."""

import random
from dataclasses import replace
from itertools import pairwise, product

import pytest
from convloom.spec import Config
from convloom.spec.registers import Cause
from convloom_rtl.issue_gate import JOB_CYCLES, TILE_MARGIN, IssueGate
from convloom_rtl.payloads import WindowStep, cause_value
from roles.geometry import ROWS
from roles.stalls import Pauses
from roles.unit import plain, sender, simulate

CONFIGS = {
    "one pass": Config(cin_lanes=4, cout_lanes=2, requant_lanes=2, line_bytes=1 << 10, output_words=8),
    "three passes": Config(cin_lanes=4, cout_lanes=3, requant_lanes=1, line_bytes=1 << 10, output_words=16),
}
ROW_DELAY, WEIGHT_DELAY, ROW_BYTES = 5, 9, 12
FIRST_ROW = ROWS - 9  # the running row number wraps on the way
ENDS = ("tile_end", "pixel_end", "job_end")
NO_WINDOW = dict.fromkeys(WindowStep.members, 0)


def random_steps(rng, jobs, half):
    """Steps of jobs of a few tiles each; every fourth is discarded, every third raw, many depthwise."""
    row = 0
    for _ in range(jobs):
        if rng.random() < 0.25:
            yield {"is_issue": 0, "first": 1, "row_end": 1, **dict.fromkeys(ENDS, 1), "raw": rng.randrange(2)}
            continue
        if rng.random() < 0.4:
            yield from depthwise_steps(rng, row, half)
            continue
        raw, tiles = rng.random() < 0.3, rng.randint(1, 4)
        for tile in range(tiles):
            issues = rng.choice((1, 1, 2, 5))
            for n in range(issues):
                row += rng.random() < 0.2
                last = n == issues - 1
                is_end = last and tile == tiles - 1
                yield {
                    "is_issue": 1,
                    "issue": {"row": row % 256, "offset": rng.randrange(256), "weight": rng.randrange(1024)},
                    "row": (FIRST_ROW + row) % ROWS,
                    "needs": rng.choice((0, rng.randint(1, ROW_BYTES))),
                    "raw": int(raw),
                    "first": int(n == 0),
                    "tile_end": int(last),
                    "pixel_end": int(last and rng.random() < 0.5 or is_end),
                    "row_end": int(is_end),
                    "job_end": int(is_end),
                    "free_to": (FIRST_ROW + row) % ROWS,
                    "free_words": rng.randint(1, 99),
                }


def depthwise_steps(rng, row, half):
    """Steps of a depthwise job: rows of up to `half` the output ring, whose words its first step reserves.

    Each step reads a column; some do nothing else.
    """
    raw, rows = rng.random() < 0.3, rng.randint(1, 4)
    most = half // 4 if raw else half
    tiles = rng.choice((1, most, rng.randint(1, most)))
    for number, tile in product(range(rows), range(tiles)):
        reads = rng.choice((0, 0, 1, 3))
        for n in range(reads + 1):
            last = n == reads
            row_end = last and tile == tiles - 1
            job_end = row_end and number == rows - 1
            yield {
                "is_issue": int(last),
                "issue": {"row": row % 256, "offset": rng.randrange(256), "weight": rng.randrange(1024)},
                "window": {
                    "read": 1,
                    "stage": rng.randrange(2),
                    "begin": rng.randrange(2),
                    "taps": 1,
                    "word": 0,
                },
                "row": (FIRST_ROW + row) % ROWS,
                "needs": rng.choice((0, ROW_BYTES)),
                "raw": int(raw),
                "reserve_row": int(tile == 0 and n == 0),
                "row_words": 4 * tiles if raw else tiles,
                "first": 1,
                "tile_end": int(last),
                "pixel_end": int(last),
                "row_end": int(row_end),
                "job_end": int(job_end),
                "free_to": (FIRST_ROW + row) % ROWS,
                "free_words": rng.randint(1, 99),
            }


class Gate:
    """The gate between random rows and words of the output ring that come free at random; each cycle in `log`."""

    OUTPUTS = ("tag", "issue", "window", "free_to", "free", "freed")

    def __init__(self, config, steps, rng, *, release=0.3, arrive=1.0):
        self.config, self.rng, self.release, self.arrive = config, rng, release, arrive
        self.steps = [{**step, "reserve": 0 if "row_words" in step else reserved_by(step)} for step in steps]
        self.dut = IssueGate(config, row_delay=ROW_DELAY, weight_delay=WEIGHT_DELAY)
        self.log, self.passed = [], []  # passed: the cycle of each step
        self.held, self.results = 0, 0  # output slots reserved, and those of them that hold a result

    def run(self, pauses):
        """Sends all steps and returns when the last has passed and given up all it has to."""
        any_number = {"row_words": self.rng.randrange(1 << 16)}  # where no row is reserved it says nothing
        sent = [any_number | step for step in self.steps]
        simulate(self.dut, sender(self.dut.i, sent, pauses), self._finish, watchers=[self._rows, self._watch])
        return self

    async def _rows(self, ctx):
        row, there = FIRST_ROW, 0
        while True:
            if self.rng.random() < self.arrive:
                there += self.rng.choice((0, 1, 4, 12))
            if there >= ROW_BYTES:
                row, there = row + 1, 0
            ctx.set(self.dut.i_progress, {"rows": row % ROWS, "bytes": there})
            await ctx.tick()

    async def _watch(self, ctx):
        ports = [getattr(self.dut, f"o_{name}") for name in self.OUTPUTS]
        ports += [
            self.dut.i_progress,
            self.dut.i_released,
            self.dut.i.valid,
            self.dut.i.valid & self.dut.i.ready,
        ]
        ctx.set(self.dut.i_active, 1)
        ctx.set(self.dut.i_cause, cause_value(Cause.DRAIN))
        while True:
            released = self.results > 0 and self.rng.random() < self.release
            ctx.set(self.dut.i_released, released)
            _, _, *sampled = await ctx.tick().sample(*ports)
            cycle = dict(
                zip(
                    (*self.OUTPUTS, "progress", "released", "offered", "enters"),
                    map(plain, sampled),
                    strict=True,
                )
            )
            self.held, self.results = self.held - released, self.results - released
            if cycle["tag"]["issue"] or cycle["tag"]["job_end"] or cycle["window"]["read"]:
                self._pass(self.steps[len(self.passed)])
            self.log.append(cycle | {"held": self.held})

    def _pass(self, step):
        self.passed.append(len(self.log))
        self.held += reserved_by(step)
        self.results += finished_by(step)

    async def _finish(self, ctx):
        while len(self.passed) < len(self.steps):
            await ctx.tick()
        for _ in range(20):
            await ctx.tick()


def slots_of(step):
    """Words of the output ring that the step's tile fills."""
    return 4 if step["raw"] and step["is_issue"] else 1


def reserved_by(step):
    """Words of the output ring that are reserved for the step's tile, or depthwise row."""
    if "row_words" in step:
        return step["row_words"] * step["reserve_row"]
    return slots_of(step) * step["first"]


def finished_by(step):
    """Words that can leave when the step's results are there: a depthwise row's all at once."""
    if "row_words" in step:
        return step["row_words"] * step["row_end"]
    return slots_of(step) * step["tile_end"]


def is_there(step, progress):
    """Whether the bytes that the step needs have been written."""
    ahead = (progress["rows"] - step.get("row", 0) + ROWS // 2) % ROWS - ROWS // 2
    return not step.get("needs") or (ahead, progress["bytes"]) >= (0, step["needs"])


def is_apart(end, cycles, before, at):
    """Whether the last of the steps `before` with that end lies far enough back; its tag is that of cycle `at`."""
    return all(at - then >= cycles(step) for step, then in before if step[end])


def has_room(gate, step, before, at):
    """Whether the output ring has room for what the step reserves, as far as the gate knows by then."""
    known = (
        at - 3 if step.get("reserve_row") else at - 2
    )  # what was released before, and reserved two cycles earlier
    freed = sum(cycle["released"] for cycle in gate.log[:known])
    free = gate.config.output_words + freed - sum(reserved_by(other) for other, n in before if n < known)
    if step.get("reserve_row"):
        return free >= step["row_words"] and not any(reserved_by(other) for other, n in before if n >= known)
    return not step["reserve"] or free >= TILE_MARGIN


def is_known(gate, step, entry, before, at):
    """Whether it can be known if its row has room: a step that enters behind none, or a job's last, has to be there."""
    is_behind = gate.log[entry - 1]["offered"] and not (
        gate.log[entry - 1]["enters"] and before[-1][0]["job_end"]
    )
    return not step.get("reserve_row") or is_behind or at > entry + 2


def check_cycles(gate):
    """Each step passes in the first cycle in which it may, one cycle behind its entry at the earliest."""
    passes, before = gate.config.passes, []
    entered = [n for n, cycle in enumerate(gate.log) if cycle["enters"]]
    for step, entry, at in zip(gate.steps, entered, gate.passed, strict=True):

        def may(n, step=step, entry=entry, before=tuple(before)):
            return (
                is_there(step, gate.log[n - 2]["progress"])
                and has_room(gate, step, before, n)
                and is_known(gate, step, entry, before, n)
                and (not step["tile_end"] or is_apart("tile_end", lambda s: slots_of(s) * passes, before, n))
                and (not step["job_end"] or is_apart("job_end", lambda s: JOB_CYCLES, before, n))
            )

        first = max([entry + 2, *(then + 1 for _, then in before[-1:])])
        assert at == next(n for n in range(first, len(gate.log)) if may(n)), f"{step}"
        before.append((step, at))


def check_order(gate):
    """Each step came out as it is, and not before its bytes were there."""
    for step, at in zip(gate.steps, gate.passed, strict=True):
        tag, progress = gate.log[at]["tag"], gate.log[at - 2]["progress"]
        assert tag["issue"] == step["is_issue"] and tag["active"]
        assert all(tag[name] == step[name] for name in ("first", *ENDS)), f"{tag}, not {step}"
        assert gate.log[at]["window"] == NO_WINDOW | step.get("window", {}), f"{gate.log[at]}, not {step}"
        if step["is_issue"]:
            issue = gate.log[at]["issue"]
            assert all(issue[name] == value for name, value in step["issue"].items()), f"{issue}, not {step}"
            assert is_there(step, progress), "issued too early"
    between = set(range(len(gate.log))) - set(gate.passed)
    assert not any(gate.log[at]["tag"][name] for at in between for name in ("issue", *ENDS))


def check_room(gate):
    """Slots, and the distances between results and between jobs."""
    most = max(cycle["held"] for cycle in gate.log)
    assert most <= gate.config.output_words, f"{most} slots reserved"
    ends = [(at, step) for at, step in zip(gate.passed, gate.steps, strict=True) if step["tile_end"]]
    for (at, step), (following, _) in pairwise(ends):
        assert following - at >= slots_of(step) * gate.config.passes
    jobs = [at for at, step in ends if step["job_end"]]
    assert all(following - at >= JOB_CYCLES for at, following in pairwise(jobs))


def check_frees(gate):
    """Rows and weights are given up so many cycles behind the issue that ends with them."""
    free_to, frees = [0] * len(gate.log), {}
    for step, at in zip(gate.steps, gate.passed, strict=True):
        if step["row_end"] and step["is_issue"]:
            free_to[at + ROW_DELAY :] = [step["free_to"]] * (len(gate.log) - at - ROW_DELAY)
        if step["job_end"] and step["is_issue"]:
            frees[at + WEIGHT_DELAY] = step["free_words"]
    assert [cycle["free_to"] for cycle in gate.log] == free_to
    assert {n: cycle["freed"] for n, cycle in enumerate(gate.log) if cycle["free"]} == frees


@pytest.mark.parametrize("name", CONFIGS)
def test_random_steps(name, stalls, seed):
    """An output stall is slots that come free seldom."""
    rng = random.Random(seed)
    release = 0.06 if stalls.name in ("stalled", "both") else 0.7
    steps = list(random_steps(rng, 25, CONFIGS[name].output_words // 2))
    gate = Gate(CONFIGS[name], steps, rng, release=release, arrive=rng.choice((0.3, 1)))
    gate.run(stalls.input())
    check_order(gate)
    check_room(gate)
    check_frees(gate)
    check_cycles(gate)


def test_a_depthwise_row_waits_for_as_many_words_as_it_takes():
    """And not for one more: of eight, five are taken and come free one by one; the next row takes four."""
    reads, ends = {"window": {"read": 1}, "tile_end": 0}, {"row_end": 1, "tile_end": 1, "reserve_row": 0}
    steps = [
        plain_step(row_words=5, reserve_row=1, **reads),
        plain_step(row_words=5, **reads | ends),
        plain_step(row_words=4, reserve_row=1, **reads),
    ]
    gate = Gate(CONFIGS["one pass"], steps, random.Random(4), release=0.2).run(Pauses())
    _, ended, passed = gate.passed
    enough = next(n for n in range(ended, passed) if gate.log[n]["held"] <= 4)
    assert passed - enough <= 4, f"{passed - enough} cycles"
    assert {cycle["tag"]["cause"] for cycle in gate.log[ended + 1 : passed]} == {cause_value(Cause.OUTPUT)}


def test_the_rows_of_another_job_take_another_number_of_words():
    """Right behind a job whose rows would fit: of eight words, four and one are taken, the next row takes four."""
    steps = []
    for row_words in (4, 1, 4):
        reads = {"row_words": row_words, "window": {"read": 1}}
        ends = {"reserve_row": 0, **dict.fromkeys(("row_end", *ENDS), 1)}
        between = [plain_step(reserve_row=0, **reads)] * JOB_CYCLES  # so that its last step passes at once
        steps += [plain_step(reserve_row=1, **reads), *between, plain_step(**reads | ends)]
    gate = Gate(CONFIGS["one pass"], steps, random.Random(2), release=0.01).run(Pauses())
    check_room(gate)
    check_cycles(gate)


def plain_step(**values):
    """An issue of a tile that needs nothing."""
    step = dict.fromkeys(("needs", "raw", "first", "row_end", *ENDS), 0)
    return step | {"is_issue": 1, "issue": {}, "row": FIRST_ROW, "free_to": 0} | values


def test_one_issue_per_cycle():
    """Of a row, too, that lies as far behind the one being loaded as a job has rows."""
    far = {"row": (FIRST_ROW - ROWS // 3) % ROWS, "needs": ROW_BYTES}
    steps = [plain_step(first=1, tile_end=1, **far) for _ in range(40)] + [plain_step(job_end=1)]
    config = replace(CONFIGS["one pass"], output_words=64)
    gate = Gate(config, steps, random.Random(1), release=1).run(Pauses())
    assert [after - at for at, after in pairwise(gate.passed)] == [1] * 40


@pytest.mark.parametrize(
    ("step", "options", "cause"),
    (
        (plain_step(needs=ROW_BYTES, row=FIRST_ROW + 1), {"arrive": 0.01}, Cause.ACTIVATIONS),
        (plain_step(first=1, tile_end=1), {"release": 0.01}, Cause.OUTPUT),
        (plain_step(job_end=1), {}, Cause.ISSUE),
    ),
    ids=("activations", "output", "issue"),
)
def test_the_cause_of_a_wait(step, options, cause):
    """The gate's own, where a step waits; the walker's, where there is none."""
    gate = Gate(CONFIGS["one pass"], [step] * 9, random.Random(3), **options).run(Pauses())
    waits = [cycle["tag"] for cycle in gate.log[3 : gate.passed[-1]] if not cycle["tag"]["issue"]]
    assert {tag["cause"] for tag in waits} == {cause_value(cause)}
    assert gate.log[-1]["tag"]["cause"] == cause_value(Cause.DRAIN)
