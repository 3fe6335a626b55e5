"""Where a network's time goes: figures that add up, on the golden device and on the simulated RTL."""

import numpy as np
import pytest
from convloom.device.opening import open as open_device
from convloom.models.profile import RUNS, USES, Recorder, spent
from roles.small_network import small_input, small_network

# Of the operators that run on the device, worked out by hand.
MACS = {0: 12 * 12 * 8 * 27, 1: 6 * 6 * 8 * 9, 2: 6 * 6 * 8 * 8, 5: 3 * 4 * 12 * 96, 7: 5 * 12}


@pytest.fixture(scope="module", params=["golden", "sim"])
def profiled(request):
    """(the Model, its Profile)."""
    model = small_network()
    with open_device(request.param) as device:
        return model, model.profile(small_input(), device)


def test_a_step_for_each_operator(profiled):
    model, profile = profiled
    assert [step.node for step in profile.steps] == list(model.nodes)
    assert {step.node.number: step.report.macs for step in profile.steps if step.report} == MACS


def test_time_is_the_devices_or_the_hosts(profiled):
    _, profile = profiled
    for step in profile.steps:
        assert (step.cycles > 0) == (step.seconds == 0) == (step.node.number in MACS), step.node.place
    assert profile.host_seconds == sum(step.seconds for step in profile.steps) > 0


def test_all_layers_together(profiled):
    _, profile = profiled
    reports = [step.report for step in profile.steps if step.report]
    total = profile.total
    assert total.macs == sum(MACS.values())
    assert total.cycles == sum(report.cycles for report in reports)
    assert total.beats["act"] == sum(report.beats["act"] for report in reports)
    assert len(total.jobs) == sum(len(report.jobs) for report in reports)
    assert sum(map(profile.share, profile.steps)) == pytest.approx(1)


def test_every_cycle_was_spent_on_something(profiled):
    _, profile = profiled
    for report in [profile.total, *(step.report for step in profile.steps if step.report)]:
        uses = spent(report)
        assert list(uses) == list(USES)
        assert sum(uses.values()) == pytest.approx(report.cycles)
        assert min(uses.values()) >= 0
        assert uses["useful"] / report.cycles == pytest.approx(report.utilisation)


def test_latency_is_for_a_clock(profiled):
    _, profile = profiled
    engine = profile.total.cycles / 250e6
    assert profile.latency(250, host=False) == pytest.approx(engine)
    assert profile.latency(250) == pytest.approx(engine + profile.host_seconds)


def test_the_device_runs_once():
    """However often the host's operators do."""
    calls = []
    with open_device("golden") as device:
        original = device.conv2d

        def counted(*operands, **options):
            calls.append(operands)
            return original(*operands, **options)

        device.conv2d = counted
        small_network().profile(small_input(), device)
    assert len(calls) == len(MACS)
    assert RUNS > 1


def test_a_recorder_gives_a_devices_outputs_again():
    x, w = small_input(), np.ones((2, 1, 1, 3), np.int8)
    with open_device("golden") as device:
        recorder = Recorder(device)
        first = recorder.conv2d(x, w)
        np.testing.assert_array_equal(first, device.conv2d(x, w))
        assert [report.macs for report in recorder.take_reports()] == [144 * 6]
        recorder.rewind()
        assert recorder.conv2d(x, w) is first
        assert recorder.take_reports() == [] and recorder.info is device.info


def test_wrong_inputs_are_the_runs():
    with open_device("golden") as device, pytest.raises(ValueError, match="input 't1' must be a numpy array"):
        small_network().profile(small_input()[0], device)
