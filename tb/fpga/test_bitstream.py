"""A board's top on its way to a netlist: what its memories hold is still there, and only that."""

import json

import pytest
from convloom.fpga import netlist, synthesis, tools
from convloom.fpga.boards import board
from convloom.fpga.self_test import self_test_job
from convloom.spec import preset

CONFIG = preset("tiny-up5k")


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """{module: its cells} after what comes before synthesis."""
    folder = tmp_path_factory.mktemp("board")
    (folder / "core.il").write_text(netlist.self_test(CONFIG, board("icebreaker"), 12))
    script = (
        synthesis.PREPARE.format(module=netlist.SELF_TEST_ENGINE, copies="") + "write_json prepared.json\n"
    )
    (folder / "prepare.ys").write_text(script)
    tools.run(synthesis.YOSYS, ["-q", "prepare.ys"], folder, "prepare.log")
    made = json.loads((folder / "prepared.json").read_text())["modules"]
    return {name: list(module["cells"].values()) for name, module in made.items()}


def test_the_packets_are_in_the_players_memories_and_nothing_in_the_engines(modules):
    contents = {
        name: "".join(reversed(cell["connections"]["DATA"]))
        for name, cells in modules.items()
        for cell in cells
        if cell["type"] == "$meminit_v2"
    }
    packets = self_test_job(CONFIG)
    assert {name: int(bits, 2) for name, bits in contents.items()} == {
        f"{netlist.SELF_TEST}.{name}": int.from_bytes(getattr(packets, name), "little")
        for name in ("job", "act")
    }
