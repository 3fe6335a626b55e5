"""Job packets, good, bad, short and long: what every stage is told, parameters, weights and error codes."""

import random
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pytest
from convloom.device.golden_engine import check as reference
from convloom.plan.depthwise_packets import depthwise_packets
from convloom.spec import DESCRIPTOR, RECORD, Config, ErrorCode, Op
from convloom.spec.job import DESCRIPTOR_BYTES, RECORD_BYTES, pack_descriptor, unpack
from convloom_rtl.job_reader import JobReader
from convloom_rtl.payloads import LEVELS, RAW_SLOTS, CountJob, LoadJob, QuantiseJob, RingJob, WalkJob
from roles.geometry import random_geometry
from roles.unit import Collector, RoomCollector, input_beats_of, sender, simulate, watch_room

CONFIGS = {
    "4 lanes": Config(cin_lanes=4, cout_lanes=3, requant_lanes=1, line_bytes=1 << 10, weight_words=64),
    "4 lanes, one job": Config(
        cin_lanes=4, cout_lanes=1, requant_lanes=1, line_bytes=1 << 10, jobs_in_flight=1
    ),
    "16 lanes": Config(cin_lanes=16, cout_lanes=1, requant_lanes=1, line_bytes=1 << 12, weight_words=64),
    "64 lanes": Config(cin_lanes=64, cout_lanes=2, requant_lanes=2, line_bytes=1 << 14, weight_words=64),
}
TOLD = {"load": LoadJob, "walk": WalkJob, "quantise": QuantiseJob, "ring": RingJob, "count": CountJob}


@dataclass(frozen=True)
class JobPacket:
    """A packet, and what has to come of it."""

    packet: bytes
    config: Config

    @cached_property
    def fields(self):
        """Descriptor fields by name; bytes that are not there are zeros."""
        return unpack(DESCRIPTOR, self.packet[:DESCRIPTOR_BYTES].ljust(DESCRIPTOR_BYTES, b"\0"))

    @property
    def discarded_with(self):
        """None, or the code of a job that is not run: NONE for op none."""
        if len(self.packet) < DESCRIPTOR_BYTES:
            return ErrorCode.JOB_SHORT
        code = reference(self.packet[:DESCRIPTOR_BYTES], self.fields, self.config)
        return code if code or self.fields["op"] == Op.NONE else None

    @property
    def computed(self):
        """What the stages are told besides the descriptor's own fields."""
        slots, k_tiles = RAW_SLOTS if self.fields["raw"] else 1, self.fields["k_tiles"]
        is_depthwise = self.fields["op"] == Op.DEPTHWISE
        return {
            "depthwise": is_depthwise,
            "single": self._single(is_depthwise),
            "slides": is_depthwise and max(self.fields["kh"], self.fields["kw"]) <= 4,
            "row_words": k_tiles * self.fields["out_w"] * slots % (1 << 16),
            "hop": (k_tiles - 1) * slots + 1,
            "last_column": (self.fields["out_w"] - 1) % (1 << 16),
            "last_group": (k_tiles - 1) % (1 << 12),
        }

    def _single(self, is_depthwise):
        numbers = {level: self.fields[level] for level in LEVELS}
        numbers |= {"runs": self.fields["passes"]} if is_depthwise else {}
        return {level: number == 1 for level, number in numbers.items()}

    @property
    def sizes(self):
        """Records, and weight words of one lane."""
        if self.discarded_with is not None:
            return 0, 0
        lanes = self.config.cout_lanes
        return self.fields["k_tiles"] * lanes, self.fields["words_in_all"] * lanes

    @property
    def sections(self):
        """All records as dicts, all weights as numbers, and the code."""
        (records, words), cin = self.sizes, self.config.cin_lanes
        record_bytes = -(-records * RECORD_BYTES // cin) * cin
        length = record_bytes + words * cin
        content = self.packet[DESCRIPTOR_BYTES:]
        whole = content[:length].ljust(length, b"\0")
        code = ErrorCode.JOB_LONG if len(content) > length else ErrorCode.NONE
        code = ErrorCode.JOB_SHORT if len(content) < length else code
        return (
            [unpack(RECORD, whole[n * RECORD_BYTES :][:RECORD_BYTES]) for n in range(records)],
            [int.from_bytes(whole[n : n + cin], "little") for n in range(record_bytes, length, cin)],
            code,
        )

    @property
    def code(self):
        """What the report has to say."""
        return self.sections[2] if self.discarded_with is None else self.discarded_with


def good_packet(config, rng, **values):
    """A packet of a random shape."""
    fields = random_geometry(rng, config, issues=60, beats=30, channels=9).fields(config)
    fields |= {"job_id": rng.randrange(1 << 16), "irq": rng.randrange(2), "report": rng.randrange(2)}
    fields |= {
        "clamp_low": rng.randint(-128, 0),
        "clamp_high": rng.randint(0, 127),
        "pad_value": rng.randint(-9, 9),
    }
    head = pack_descriptor(**(fields | values))
    records = -(-fields["k_tiles"] * config.cout_lanes * RECORD_BYTES // config.cin_lanes) * config.cin_lanes
    return head + rng.randbytes(records + fields["words_in_all"] * config.cout_lanes * config.cin_lanes)


def random_packet(config, rng):
    """Every other one is whole; of the rest each kind of fault."""
    packet, cin = good_packet(config, rng), config.cin_lanes
    fault = rng.choice(("cut", "in the descriptor", "long", "bad", "none", *["good"] * 5))
    if fault == "cut":
        return packet[: rng.randrange(DESCRIPTOR_BYTES, len(packet))]
    if fault == "in the descriptor":
        return packet[: rng.randrange(6, DESCRIPTOR_BYTES)]
    if fault == "long":
        return packet + rng.randbytes(rng.randint(1, 4 * cin))
    if fault == "bad":
        return good_packet(
            config, rng, **rng.choice(({"magic": 1}, {"kh": 0}, {"op": 1}, {"words_in_all": 999}))
        )
    return good_packet(config, rng, op=Op.NONE) if fault == "none" else packet


def check(config, packets, stalls):
    """Reads the packets and compares all that comes out."""
    dut, jobs = JobReader(config), [JobPacket(packet, config) for packet in packets]
    beats = [beat for packet in packets for beat in input_beats_of(packet, config.cin_lanes)]
    records, weights = (sum(sizes) for sizes in zip(*(job.sizes for job in jobs), strict=True))
    out = {n: Collector(getattr(dut, f"o_{n}"), len(jobs), stalls.output()) for n in (*TOLD, "reports")}
    out["records"] = RoomCollector(dut.o_records, dut.i_records_room, records, stalls.output())
    out["weights"] = RoomCollector(dut.o_weights, dut.i_weights_room, weights, stalls.output())
    loaded = []

    async def watch_loaded(ctx):
        while True:
            loaded.append((await ctx.tick().sample(dut.o_loaded))[-1])

    testbenches = [collector.run for collector in out.values()]
    simulate(
        dut, sender(dut.i, beats, stalls.input()), *testbenches, watchers=[watch_loaded, watch_room(dut)]
    )
    compare(jobs, {name: collector.taken for name, collector in out.items()})
    assert sum(loaded) == sum(job.discarded_with is None for job in jobs)


def compare(jobs, taken):
    """Everything that was taken, with what had to come."""
    assert taken["records"] == [record for job in jobs for record in job.sections[0]]
    assert taken["weights"] == [word for job in jobs for word in job.sections[1]]
    for n, job in enumerate(jobs):
        report = {name: job.fields[name] for name in ("job_id", "irq", "report")} | {"code": job.code}
        came = taken["reports"][n]
        assert came == {name: report[name] for name in came}, f"job {n}"
        for name, layout in TOLD.items():
            told = taken[name][n]
            if "discard" in layout.members:
                assert told.pop("discard") == (job.discarded_with is not None), f"job {n}, {name}"
            if job.discarded_with is not None:  # of a job that is not run only this is used
                told = {field: told[field] for field in told if field == "report"}
            expected = job.fields | job.computed
            assert told == {field: expected[field] for field in told}, f"job {n}, {name}"


@pytest.mark.parametrize("name", CONFIGS)
def test_random_packets(name, stalls, seed):
    rng, config = random.Random(seed), CONFIGS[name]
    check(config, [random_packet(config, rng) for _ in range(12)], stalls)


@pytest.mark.parametrize("kernel", [(4, 4), (5, 1), (1, 5)])
def test_windows_that_slide_and_larger_ones(kernel, stalls):
    config = Config(cin_lanes=8, cout_lanes=2, requant_lanes=2, line_bytes=1 << 10, depthwise=True)
    layer = {"x": np.zeros((5, 5, 3)), "w": np.ones((*kernel, 3)), "bias": [0] * 3, "shift": [0] * 3}
    packet, _ = depthwise_packets(config, **layer, multiplier=[1] * 3, job_id=1)
    assert JobPacket(packet, config).computed["slides"] == (kernel == (4, 4))
    check(config, [packet], stalls)


@pytest.mark.parametrize("name", CONFIGS)
def test_cut_at_every_beat(name, stalls, seed):
    """Case 9: with a good packet behind each second one, and up to two beats too long."""
    rng, config = random.Random(seed), CONFIGS[name]
    packet = good_packet(config, rng, k_tiles=1, words_in_all=2)
    length = DESCRIPTOR_BYTES + 16 * max(config.cout_lanes, config.cin_lanes // 16)
    whole = packet.ljust(1 << 12, b"\x5a")[: length + 2 * config.cout_lanes * config.cin_lanes]
    ends = range(config.cin_lanes, len(whole) + 1, config.cin_lanes)
    packets = [packet for n, end in enumerate(ends) for packet in (whole[:end], whole)[: 1 + n % 2]]
    beat = bytes(config.cin_lanes)
    check(config, [*packets, whole + beat[:1], whole, whole + 2 * beat, whole], stalls)
