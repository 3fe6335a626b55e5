"""The bench's pictures."""

import matplotlib.image
import pytest
from convloom.bench import plots
from roles.bench_entries import entry, layer


def points(*shares):
    return [{"bytes_per_cycle": 8 * n, "utilisation": share} for n, share in enumerate(shares, 1)]


@pytest.fixture
def entries():
    layers = layer("first", 1000, 500, weights=300), layer("second", 10, 1, drain=4), layer("third", 100, 100)
    return [
        entry("net", *layers, bandwidth=points(0.4, 0.5)),
        entry("other", *layers, bandwidth=points(0.3, 0.4)),
    ]


def test_a_bar_is_full_whatever_was_lost(entries):
    for each in entries[0]["layers"]:
        assert sum(share for *_, share in plots._shares(each)) == pytest.approx(1)


def test_a_network_gets_its_pictures_and_one_shows_all_bandwidths(entries, tmp_path):
    plots.draw(entries, tmp_path)
    names = {"bandwidth.png", "other-small-layers.png", "other-small-roofline.png"}
    assert {path.name for path in tmp_path.iterdir()} == names
    for path in tmp_path.iterdir():
        height, width, _ = matplotlib.image.imread(path).shape
        assert height > 400 and width > 700


def test_without_bandwidth_there_is_no_such_picture(entries, tmp_path):
    del entries[0]["bandwidth"]
    plots.draw(entries[:1], tmp_path)
    assert not (tmp_path / "bandwidth.png").exists()
