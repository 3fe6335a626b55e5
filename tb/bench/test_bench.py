"""The bench on small networks: figures that add up, the targets that they reach, what slower streams cost."""

import json

import pytest
from convloom.bench.measure import measure
from convloom.bench.networks import networks
from convloom.cli import main
from convloom.spec import preset

TARGETS = {"mlperf_tiny_resnet8": (0.985, 0.984 - 0.015), "mlperf_tiny_dscnn": (0.90, 0.879 - 0.015)}
FIELDS = {
    *("network", "config", "macs", "cycles", "multipliers", "utilisation", "bound_ratio", "cycles_dependent"),
    *("utilisation_dependent", "outputs_checked", "mismatches", "layers"),
}


@pytest.fixture(scope="module", params=TARGETS)
def figures(request):
    return measure(request.param, preset("small"))


def test_every_output_is_right(figures):
    shapes = networks()[figures.network]
    outputs = [shape.out[0] * shape.out[1] * shape.k for shape in shapes]
    assert [layer.outputs_checked for layer in figures.layers] == outputs
    assert not any(layer.mismatches for layer in figures.layers)


def test_clocks_agree(figures):
    """The harness' clock and the counter; the layers' shares leave only the last outputs' way out."""
    assert abs(figures.cycles - figures.counted_cycles) <= 8
    assert 0 <= figures.cycles - sum(layer.cycles for layer in figures.layers) <= 100


def test_cycles_are_busy_or_lost_to_one_cause(figures):
    config = preset(figures.config)
    for layer in figures.layers:
        busy = layer.cycles - sum(layer.lost.values())
        assert layer.macs / config.multipliers <= busy <= layer.cycles, layer


def test_targets(figures):
    together, in_turn = TARGETS[figures.network]
    assert figures.utilisation >= together and figures.utilisation_dependent >= in_turn, figures


def test_slow_memory_costs_cycles_and_no_output():
    """All streams together move two bytes a cycle: the bytes bound the network."""
    slow = measure("mlperf_tiny_dscnn", preset("small"), dependent=False, limits=[("memory", 2, 0)])
    moved = 8 * sum(slow.streams[name] for name in ("job", "act", "out"))
    assert moved / 2 <= slow.cycles < 1.5 * moved / 2
    assert not any(layer.mismatches for layer in slow.layers)


def test_command(tmp_path, capsys):
    path = tmp_path / "utilisation.json"
    assert main(["bench", "--config", "small", "--network", "mlperf_tiny_dscnn", "--json", str(path)]) == 0
    (entry,) = json.loads(path.read_text())["networks"]
    assert set(entry) >= FIELDS and set(entry["layers"][0]) >= FIELDS - {"network", "config", "layers"} | {
        "name"
    }
    assert {picture.suffix for picture in tmp_path.glob("mlperf_tiny_dscnn-small-*")} == {".png"}
    assert "mlperf_tiny_dscnn" in capsys.readouterr().out


def test_prediction(capsys):
    """Of all networks, in seconds; and as close to what was measured as the planner's tests hold it."""
    assert main(["bench", "--predict", "--config", "large,odd-8x6"]) == 0
    told = capsys.readouterr().out
    assert told.count("resnet50 ") == 2 and "98." in told


def test_an_unknown_network_is_refused(capsys):
    assert main(["bench", "--network", "resnet9"]) == 1
    assert "network must be one of resnet50, " in capsys.readouterr().err
