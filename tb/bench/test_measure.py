"""Small networks on the RTL: figures that add up, the targets that they reach, what slower streams cost."""

import numpy as np
import pytest
from convloom.bench.measure import measure, vectors
from convloom.bench.networks import networks
from convloom.spec import preset

SEED, SMALL = 1, preset("small")
TARGETS = {"mlperf_tiny_resnet8": (0.985, 0.984 - 0.015), "mlperf_tiny_dscnn": (0.90, 0.879 - 0.015)}
DSCNN = "mlperf_tiny_dscnn"


@pytest.fixture(scope="module", params=TARGETS)
def figures(request):
    print(f"seed {SEED}")
    return measure(request.param, SMALL, vectors(request.param, SEED))


def test_every_output_is_right(figures):
    shapes = networks()[figures.network]
    assert [layer.outputs_checked for layer in figures.layers] == [shape.out_bytes for shape in shapes]
    assert not figures.mismatches


def test_clocks_agree(figures):
    """The harness' clock and the counter; the layers' shares leave only the last outputs' way out."""
    assert abs(figures.cycles - figures.cycles_counted) <= 8
    assert 0 <= figures.cycles - sum(layer.cycles for layer in figures.layers) <= 100


def test_cycles_are_busy_or_lost_to_one_cause(figures):
    for layer in figures.layers:
        assert layer.macs / SMALL.multipliers <= layer.busy <= layer.cycles, layer
        lost = layer.idle_lanes + sum(layer.lost.values())
        assert layer.macs / SMALL.multipliers + lost == pytest.approx(layer.cycles)


def test_targets(figures):
    together, in_turn = TARGETS[figures.network]
    assert figures.utilisation >= together and figures.utilisation_dependent >= in_turn, figures


def test_the_prediction_holds(figures):
    assert figures.predicted == pytest.approx(figures.cycles, rel=0.02)


def test_a_wrong_output_is_counted():
    data = vectors(DSCNN, SEED)
    right = data[2].expected
    data[2].expected = {**right, np.dtype(np.int8): right[np.dtype(np.int8)] ^ (np.arange(64) == 5)}
    figures = measure(DSCNN, SMALL, data, dependent=False)
    assert figures.mismatches == figures.layers[2].mismatches == right[np.dtype(np.int8)].size // 64
    assert not figures.cycles_dependent and not figures.utilisation_dependent


@pytest.mark.parametrize(
    ("limit", "streams"),
    [
        (("memory", 2, 0), ("job", "act", "out")),
        (("s_axis_act", 1, 0), ("act",)),
        (("m_axis_out", 1, 0), ("out",)),
    ],
)
def test_slow_streams_cost_cycles_and_no_output(limit, streams):
    """Their bytes bound the network: of all streams together, or of one alone."""
    slow = measure(DSCNN, SMALL, vectors(DSCNN, SEED), dependent=False, limits=[limit])
    least = 8 * sum(slow.bounds[name] for name in streams) / limit[1]
    assert least <= slow.cycles < 1.5 * least
    assert not slow.mismatches


def test_latency_is_hidden_by_the_jobs_in_flight_but_not_where_layers_wait(figures):
    """The first packet's is not counted: cycles begin with its first beat."""
    limits = [(stream, 0, 500) for stream in ("s_axis_job", "s_axis_act")]
    late = measure(figures.network, SMALL, vectors(figures.network, SEED), limits=limits)
    assert figures.cycles <= late.cycles < 1.01 * figures.cycles
    assert late.cycles_dependent >= figures.cycles_dependent + 500 * (len(late.layers) - 1)
    assert not late.mismatches
