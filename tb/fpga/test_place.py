"""What is told where nextpnr fails, without nextpnr."""

import pytest
from convloom.errors import DeviceError
from convloom.fpga import tools
from convloom.fpga.chips import chip
from convloom.fpga.place import place

COUNTED = """\
Info: Device utilisation:
Info: 	         ICESTORM_LC:    7304/   5280   138%
Info: 	        ICESTORM_RAM:      29/     30    96%
Info: 	        ICESTORM_DSP:       9/      8   112%
"""


def failing(monkeypatch, log):
    """Lets nextpnr fail after it has written that log (None: before it writes one)."""

    def run(package, arguments, folder, name, heard):
        if log is not None:
            (folder / name).write_text(log)
        raise DeviceError("nextpnr failed")

    monkeypatch.setattr(tools, "run", run)


def test_cells_that_are_too_many(monkeypatch, tmp_path):
    failing(monkeypatch, COUNTED)
    told = "up5k is too small: it has 5,280 ICESTORM_LC, not 7,304, 8 ICESTORM_DSP, not 9 "
    with pytest.raises(DeviceError, match=told):
        place(chip("up5k"), tmp_path, 1)


@pytest.mark.parametrize("log", [None, COUNTED.replace("7304", "5280").replace(" 9/", " 8/")])
def test_another_failure_is_told_as_it_is(log, monkeypatch, tmp_path):
    (tmp_path / "seed-1.log").write_text(COUNTED)  # of a run before
    failing(monkeypatch, log)
    with pytest.raises(DeviceError, match="^nextpnr failed$"):
        place(chip("up5k"), tmp_path, 1)


@pytest.mark.parametrize("device, placer", [("ecp5-85k", "static"), ("up5k", "heap")])
def test_nextpnr_is_told_the_chip_its_placer_and_the_seed(device, placer, monkeypatch, tmp_path):
    told = []

    def run(package, arguments, folder, name, heard):
        told.extend(map(str, arguments))
        (folder / "seed-3.json").write_text('{"fmax": {}}')
        (folder / "seed-3.sdf").write_text("")

    monkeypatch.setattr(tools, "run", run)
    assert place(chip(device), tmp_path, 3, options=("--pcf", "pins.pcf"))["fmax"] == {}
    followed = dict(zip(told, told[1:], strict=False))
    assert (followed["--placer"], followed["--seed"], followed["--pcf"]) == (placer, "3", "pins.pcf")
    assert set(chip(device).options) < set(told)


@pytest.mark.parametrize(
    "wires, ns",
    [
        ("(INTERCONNECT core.sum/R29 core.arrived_Q_7/M (1464:1710:1956) (1464:1710:1956))", 2.96),
        (
            "(INTERCONNECT a/R2 b/M (1:2:2000) (1:2:2000))\n(INTERCONNECT a/R3 b/DI (1:2:2500) (1:2:2500))",
            3.5,
        ),
        ("(INTERCONNECT core.lut/F core.arrived_Q_7/M (1464:1710:1956) (1464:1710:1956))", 0),
    ],
)
def test_wires_that_nextpnr_does_not_time(wires, ns, monkeypatch, tmp_path):
    """The slowest wire from an ALU54B, and a ns for its ends; in what is read, not in a file that stays."""

    def run(package, arguments, folder, name, heard):
        (folder / "seed-1.json").write_text("{}")
        (folder / arguments[arguments.index("--sdf") + 1]).write_text(wires)

    monkeypatch.setattr(tools, "run", run)
    assert place(chip("ecp5-85k"), tmp_path, 1) == {"untimed_ns": ns}
    assert [path.name for path in tmp_path.iterdir()] == ["seed-1.json"]
