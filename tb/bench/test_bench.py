"""`convloom bench` from end to end: its file, its pictures, its options."""

import json

import pytest
from convloom.cli import main

FIELDS = {
    *("network", "config", "macs", "cycles", "multipliers", "utilisation", "bound_ratio", "cycles_dependent"),
    *("utilisation_dependent", "outputs_checked", "mismatches", "layers"),
}
LAYER_FIELDS = FIELDS - {"network", "config", "layers"} | {"name", "bound", "lost"}
NETWORK = ["--network", "mlperf_tiny_dscnn"]


def test_command(tmp_path, capsys):
    path = tmp_path / "utilisation.json"
    assert main(["bench", *NETWORK, "--bandwidth", "--json", str(path)]) == 0
    (entry,) = json.loads(path.read_text())["networks"]
    assert set(entry) >= FIELDS and set(entry["layers"][0]) >= LAYER_FIELDS
    assert [point["bytes_per_cycle"] for point in entry["bandwidth"]] == [8, 16, 24]
    pictures = {picture.name for picture in tmp_path.glob("*.png")}
    assert pictures == {f"mlperf_tiny_dscnn-small-{what}.png" for what in ("layers", "roofline")} | {
        "bandwidth.png"
    }
    told = capsys.readouterr().out
    assert "Worst layers on small" in told and ", 0 wrong" in told and "predicted cycles" in told


def test_slow_streams_are_told_by_their_cost(tmp_path, capsys):
    path = tmp_path / "utilisation.json"
    assert main(["bench", *NETWORK, "--memory-bytes", "2", "--latency", "10", "--json", str(path)]) == 0
    (entry,) = json.loads(path.read_text())["networks"]
    assert {limit["stream"] for limit in entry["limits"]} == {
        "s_axis_job",
        "s_axis_act",
        "m_axis_out",
        "memory",
    }
    assert f"{entry['cycles'] / entry['cycles_unlimited'] - 1:+.2%}" in capsys.readouterr().out


def test_wrong_outputs_fail(tmp_path, monkeypatch):
    from convloom.bench import measure

    monkeypatch.setattr(measure.golden, "requantise", lambda sums, requant: sums.astype("int8"))
    assert main(["bench", *NETWORK, "--json", str(tmp_path / "utilisation.json")]) == 1


def test_prediction(capsys):
    """Of all networks, in seconds, for presets and for any lanes."""
    assert main(["bench", "--predict", "--config", "large,odd-8x6,32x12"]) == 0
    told = capsys.readouterr().out
    assert told.count("resnet50 ") == 3 and "98." in told


def test_lanes_that_are_a_preset_s_predict_what_that_does(capsys):
    rows = []
    for config in ("large", "16x16"):
        assert main(["bench", "--predict", *NETWORK, "--config", config]) == 0
        rows.append(capsys.readouterr().out.splitlines()[-1].split()[2:])
    assert rows[0] == rows[1]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--network", "resnet9"], "network must be one of resnet50, "),
        (["--config", "huge"], "config must be one of tiny, "),
        (["--config", "12x8"], "cin_lanes must be 4, 8, 16, 32 or 64, not 12"),
        (["--config", "8x0"], "cout_lanes must be a positive whole number, not 0"),
        (["--seed", "-1"], "seed must be 0 or more, not -1"),
        (["--act-bytes", "-1"], "act-bytes must be 0 or more, not -1.0"),
        (["--latency", "-1"], "latency must be 0 or more, not -1"),
    ],
)
def test_wrong_options_are_told(options, told, capsys):
    assert main(["bench", *options]) == 1
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("rates", ("0", "8,-1", "fast"))
def test_rates_are_positive_numbers(rates, capsys):
    with pytest.raises(SystemExit) as left:
        main(["bench", "--bandwidth", rates])
    assert left.value.code == 2
    assert "bytes per cycle above 0" in capsys.readouterr().err
