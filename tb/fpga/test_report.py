"""What is read out of nextpnr's report, on a small one of the same form."""

import pytest
from convloom.errors import DeviceError
from convloom.fpga import report
from convloom.fpga.chips import ECP5

CLOCK = "$glbnet$clk$TRELLIS_IO_IN"
REGISTER = {"cell": "core.engine.dot_0.a_TRELLIS_FF_Q_6", "loc": [23, 15], "port": "Q"}
BLOCK = {"cell": "core.engine.dot_0.o_MULT18X18D_P0", "loc": [23, 13], "port": "A6"}
SAMPLE = {
    "critical_paths": [
        {"from": "<async>", "to": f"posedge {CLOCK}", "path": []},
        {
            "from": f"posedge {CLOCK}",
            "to": f"posedge {CLOCK}",
            "path": [
                {"type": "clk-to-q", "delay": 0.52499997, "from": REGISTER, "to": REGISTER},
                {
                    "type": "routing",
                    "delay": 1.29499995,
                    "from": REGISTER,
                    "to": BLOCK,
                    "net": "core.engine.dot_0.a[30]",
                    "sources": ["/home/someone/hw/convloom_rtl/primitives/products.py:26", "pins.v:4.3-4.20"],
                },
                {"type": "setup", "delay": 0, "from": BLOCK, "to": BLOCK},
            ],
        },
    ],
    "fmax": {CLOCK: {"achieved": 144.279, "constraint": 12}},
    "utilization": {
        "DP16KD": {"available": 208, "used": 114},
        "MULT18X18D": {"available": 156, "used": 144},
        "ALU54B": {"available": 78, "used": 68},
        "TRELLIS_FF": {"available": 83640, "used": 26000},
    },
}


def test_the_clock_of_the_only_domain():
    assert report.clock(SAMPLE) == 144.279


@pytest.mark.parametrize("ns, megahertz", [(0, 144.279), (6.9, 144.279), (8, 125)])
def test_a_clock_allows_for_what_nextpnr_does_not_time(ns, megahertz):
    assert report.clock({**SAMPLE, "untimed_ns": ns}) == megahertz


@pytest.mark.parametrize(
    "clocks, told", [({}, "not none"), (dict.fromkeys("ab", {"achieved": 1}), "not a, b")]
)
def test_one_clock_is_expected(clocks, told):
    with pytest.raises(DeviceError, match=f"must have one clock, {told}"):
        report.clock({"fmax": clocks})


def test_blocks_whose_count_is_checked():
    assert report.used(SAMPLE, ECP5) == {"dp16kd": 114, "mult18x18d": 144, "alu54b": 68}


def test_the_critical_path_in_the_names_of_the_source():
    assert report.critical_path(SAMPLE) == [
        {"step": "clk-to-q", "ns": 0.52, "name": "engine.dot_0.a", "kind": "TRELLIS_FF"},
        {
            "step": "routing",
            "ns": 1.29,
            "name": "engine.dot_0.a[30]",
            "sources": ["convloom_rtl/primitives/products.py:26"],
            "to": [23, 13],
        },
        {"step": "setup", "ns": 0, "name": "engine.dot_0.o", "kind": "MULT18X18D"},
    ]


def test_a_carry_chain_is_one_step():
    carry = {"cell": "core.engine.sum_TRELLIS_FF_Q_DI_CCU2C_S0_COUT_CCU2C_CIN$CCU2_COMB0"}
    chain = [
        {"type": "logic", "delay": 0.45, "from": carry},
        {"type": "routing", "delay": 0, "net": "carry", "sources": [], "to": BLOCK},
        {"type": "logic", "delay": 0.07, "from": carry},
    ]
    within = {"from": f"posedge {CLOCK}", "to": f"posedge {CLOCK}", "path": chain}
    path = report.critical_path({**SAMPLE, "critical_paths": [within]})
    assert path == [{"step": "logic", "ns": 0.52, "name": "engine.sum", "kind": "CCU2C"}]


def test_a_report_without_a_path_within_the_clock():
    with pytest.raises(DeviceError, match="must have a path within"):
        report.critical_path({**SAMPLE, "critical_paths": SAMPLE["critical_paths"][:1]})


def test_where_long_paths_end():
    def net(*ends):
        return {"endpoints": [{"cell": cell, "port": port, "delay": [0.4, ns]} for cell, port, ns in ends]}

    row = "core.engine.lines.row_TRELLIS_FF_Q"
    nets = [
        net((f"{row}_1", "M", 5.0), ("core.engine.dot_0.o_MULT18X18D_P0", "A6", 4.5)),
        net((f"{row}_1", "M", 6.0), (f"{row}_2", "DI", 5.5), (f"{row}_2", "CE", 2.0)),
        net(("core.engine.idle_TRELLIS_FF_Q_DI_LUT4_Z", "A", 4.0), ("parity_0_TRELLIS_FF_Q_9", "M", 4.9)),
    ]
    slow = report.slow_ends({"detailed_net_timings": nets})
    assert slow == [("engine.lines.row", 6.0, 2), ("parity_0", 4.9, 1)]
