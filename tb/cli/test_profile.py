"""`convloom profile`: the table, the times, the page."""

import re

import numpy as np
import pytest
from convloom.cli import main
from roles.small_network import small_input

DIGIT = np.random.default_rng(1).integers(-128, 128, (1, 8, 8, 1)).astype(np.int8)


@pytest.fixture
def call(tmp_path):
    """The command's words for a network that comes with Convloom."""
    np.save(tmp_path / "x.npy", DIGIT)
    return ["profile", "digits", "--input", str(tmp_path / "x.npy"), "--device", "sim:tiny"]


def test_the_table_is_whole(call, capsys):
    """A row for each operator however narrow the screen is, and the network's time at the clock."""
    assert main([*call, "--mhz", "200"]) == 0
    told = capsys.readouterr().out
    rows = re.findall(r"^ *(\d+) +([A-Z_0-9]+) ", told, re.M)
    assert [int(number) for number, _ in rows] == list(range(len(rows))) and rows[0][1] == "CONV_2D"
    assert "…" not in told
    cycles = int(re.search(r"^ *all +[\d,]+ +([\d,]+)", told, re.M)[1].replace(",", ""))
    alone, whole = (float(ms) for ms in re.findall(r"^ *([\d.]+) ms .* at 200 MHz", told, re.M))
    assert alone == pytest.approx(cycles / 200e3, abs=1e-3) and whole > alone


def test_the_page_is_written(call, tmp_path, capsys):
    path = tmp_path / "new" / "page.html"
    assert main([*call, "--html", str(path)]) == 0
    page = path.read_text()
    assert "<title>digits on tiny" in page and "data:image/png;base64," in page
    assert str(path) in capsys.readouterr().out.replace("\n", "")


@pytest.mark.parametrize("mhz", ["0", "-5", "inf"])
def test_a_clock_must_be_above_0(call, mhz, capsys):
    with pytest.raises(SystemExit) as left:
        main([*call, "--mhz", mhz])
    assert left.value.code == 2
    assert f"it must be a number of MHz above 0, not {mhz}" in capsys.readouterr().err


def test_an_input_of_another_shape(call, tmp_path, capsys):
    np.save(tmp_path / "x.npy", small_input())
    assert main(call) == 1
    told = capsys.readouterr().err
    assert re.search(r"must be a numpy array of int8 \[1, 8, 8, 1\], not int8 \[1, 12, 12, 3\]", told)
