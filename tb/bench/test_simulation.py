"""The measurement of the simulated device's own speed."""

import json

import pytest
from convloom.bench import simulation
from convloom.cli import main


@pytest.fixture(autouse=True)
def one_small_tile(monkeypatch):
    monkeypatch.setattr(simulation, "TILES", ((6, 8, 8, 3), (6, 8, 8, 1)))


def test_the_file_holds_medians_of_the_runs(tmp_path, capsys):
    file = tmp_path / "bench" / "simulation.json"
    assert main(["bench-sim", "--config", "tiny", "--runs", "3", "--builds", "0", "--json", str(file)]) == 0
    written = json.loads(file.read_text())
    (figures,) = written["configs"]
    assert figures["config"] == "tiny" and figures["cycles"] > 0
    assert figures["cycles_per_second"] == sorted(figures["runs"])[1]
    assert figures["build_seconds"] is None and written["machine"]["verilator"]
    assert "cycles/s" in capsys.readouterr().out


def test_builds_are_timed(monkeypatch):
    seconds = iter((3.0, 1.0, 2.0))
    monkeypatch.setattr(simulation, "build_once", lambda name: next(seconds))
    figures = simulation.measure("tiny", runs=1, builds=3, tell=lambda line: None)
    assert figures["build_seconds"] == 2.0 and figures["builds"] == [3.0, 1.0, 2.0]


def test_wrong_bytes_are_no_measurement(monkeypatch):
    monkeypatch.setattr(simulation, "answer", lambda job, act, config: (b"wrong", None))
    with pytest.raises(RuntimeError, match="tiny gave wrong bytes"):
        simulation.measure("tiny", runs=1, builds=0, tell=lambda line: None)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--config", "huge"], "config must be one of"),
        (["--runs", "0"], "runs must be 1 or more and builds 0 or more, not 0, 5"),
        (["--builds", "-1"], "runs must be 1 or more and builds 0 or more, not 5, -1"),
    ],
)
def test_wrong_options_are_told(options, told, capsys):
    assert main(["bench-sim", *options]) == 1
    assert told in capsys.readouterr().err
