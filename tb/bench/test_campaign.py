"""Which runs a bench makes, what it tells of them, and how its progress counts."""

from itertools import pairwise

import pytest
from convloom.bench import campaign
from convloom.bench.campaign import Campaign
from convloom.bench.figures import NetworkFigures, ideal_cycles
from convloom.bench.predicted import predict_network, predicted_cycles
from convloom.spec import preset

NAME, SMALL, LARGE = "mlperf_tiny_dscnn", preset("small"), preset("large")
SLOW = (("s_axis_act", 2, 0),)


@pytest.fixture
def runs(monkeypatch):
    """What was to be measured: (Config name, limits, dependent) each. Limited runs take twice the cycles."""
    made = []

    def measure(name, config, data, *, dependent, limits, progress):
        made.append((config.name, limits, dependent))
        cycles = predicted_cycles(name, config) * (2 if limits else 1)
        for _ in range(1 + dependent):
            progress(cycles // 3)
            progress(cycles)
        return NetworkFigures(name, config.name, config.multipliers, cycles, cycles, cycles, [])

    monkeypatch.setattr(campaign, "measure", measure)
    monkeypatch.setattr(campaign, "vectors", lambda name, seed: None)
    monkeypatch.setattr(campaign, "as_data", lambda figures: {"cycles": figures.cycles})
    monkeypatch.setattr(NetworkFigures, "macs", 0)
    monkeypatch.setattr(NetworkFigures, "mismatches", 0)
    return made


def test_a_network_is_measured_once_on_each_configuration(runs):
    entries = list(Campaign((NAME,), (SMALL, LARGE)).run())
    assert runs == [("small", (), True), ("large", (), True)]
    assert not {"limits", "bandwidth"} & set(entries[0])


def test_limits_are_compared_with_a_run_without(runs):
    (entry,) = Campaign((NAME,), (SMALL,), limits=SLOW).run()
    assert runs == [("small", SLOW, True), ("small", (), False)]
    assert entry["limits"] == [{"stream": "s_axis_act", "bytes_per_cycle": 2, "latency": 0}]
    assert entry["cycles"] == 2 * entry["cycles_unlimited"]


def test_rates_below_all_that_the_streams_can_move_are_measured(runs):
    (entry,) = Campaign((NAME,), (SMALL,), rates=(16, 8, 32)).run()
    assert [limits for _, limits, _ in runs] == [(), (("memory", 8, 0),), (("memory", 16, 0),)]
    assert [point["bytes_per_cycle"] for point in entry["bandwidth"]] == [8, 16, 24]
    assert [point["cycles"] / entry["cycles"] for point in entry["bandwidth"]] == [2, 2, 1]


def test_progress_goes_up_to_the_work_that_was_announced(runs):
    work, told = Campaign((NAME,), (SMALL, LARGE)), []
    list(work.run(lambda name, config, done: told.append((config.name, done))))
    assert all(before[1] < after[1] for before, after in pairwise(told))
    assert told[-1] == ("large", work.work)
    assert work.work == 2 * (predicted_cycles(NAME, SMALL) * 64 + predicted_cycles(NAME, LARGE) * 256)


def test_slow_streams_are_more_work():
    full, slow = (campaign.work(NAME, LARGE, limits) for limits in ((), (("memory", 1, 0),)))
    assert slow == 256 * campaign.stream_bytes(NAME)["memory"] > full


def test_bytes_are_those_of_the_bounds():
    moved = campaign.stream_bytes(NAME)
    bounds = [ideal_cycles(shape, LARGE) for shape, _ in predict_network(NAME, LARGE)]
    for stream, bound in (("s_axis_job", "job"), ("s_axis_act", "act"), ("m_axis_out", "out")):
        assert moved[stream] == 16 * sum(each[bound] for each in bounds)
