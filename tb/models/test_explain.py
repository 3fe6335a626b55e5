"""What a channel responds to: against a plain deconvolutional network in numpy's float64, loop by loop."""

from dataclasses import replace

import numpy as np
import pytest
from convloom import ModelError
from convloom.device.opening import open as open_device
from convloom.models.explain import project, trace
from convloom.models.explain_rules import RULES
from convloom.models.graph import Graph
from convloom.models.run import Model
from roles.deconvnet import deconvnet
from roles.small_network import small_input, small_network

LAST = 5  # the last convolution of the small network
CHANNELS = {0: (0, 5), 1: (2,), 3: (1,), 4: (6,), LAST: (0, 7, 11), 7: (3,)}
EACH = [(layer, channel) for layer, channels in CHANNELS.items() for channel in channels]
# Of the largest: a step's int8 has 127 steps, and up to six are taken.
CLOSE = 0.03


@pytest.fixture(scope="module")
def golden():
    with open_device("golden") as device:
        yield device


@pytest.fixture(scope="module")
def traced(golden):
    return trace(small_network(), small_input(), golden)


@pytest.mark.parametrize("guided", [False, True])
@pytest.mark.parametrize("layer, channel", EACH)
def test_against_plain_numpy(traced, golden, layer, channel, guided):
    found = project(traced, traced.node(layer), channel, golden, guided)
    wanted = deconvnet(traced, layer, channel, guided)
    assert np.abs(wanted).max() > 0, "a channel that is active"
    assert np.abs(found - wanted).max() <= CLOSE * np.abs(wanted).max()


def test_every_device_gives_the_same_bytes(traced, golden):
    with open_device("sim") as device:
        on_rtl = trace(traced.model, small_input(), device)
        for layer, channel in EACH:
            found, wanted = (
                project(each, each.node(layer), channel, on).tobytes()
                for each, on in ((on_rtl, device), (traced, golden))
            )
            assert found == wanted, (layer, channel)


def test_convolutions_go_back_on_the_device(traced):
    """The device multiplies; of a single activation only the 3x3 pixels around it, each a window of 3x3."""
    with open_device("sim:tiny") as device:
        project(traced, traced.node(0), 0, device)
        assert device.last_report.macs == (3 * 3 * 3) * (3 * 3 * 8)


def test_guided_where_there_are_no_maxima(traced, golden):
    """Up to the pool there is none; from there on its positions guide."""
    for layer, guided in ((1, True), (LAST, False)):
        node = traced.node(layer)
        np.testing.assert_array_equal(
            project(traced, node, 2, golden), project(traced, node, 2, golden, guided)
        )


def test_guided_passes_only_what_was_active(traced, golden):
    plain, guided = (project(traced, traced.node(1), 2, golden, each) for each in (False, True))
    assert np.count_nonzero(guided) <= np.count_nonzero(plain)
    assert not np.array_equal(plain, guided)


def test_the_strongest_channels(traced):
    node = traced.node(LAST)
    peaks = traced.real(node.outputs[0])[0].max((0, 1))
    found = traced.strongest(node, 5)
    assert len(set(found)) == 5 and peaks[found].tolist() == sorted(peaks, reverse=True)[:5]


def test_a_channel_that_is_not_there(traced, golden):
    with pytest.raises(ModelError, match=r"operator 5, CONV_2D .*: channel must be from 0 to 11, not 12"):
        project(traced, traced.node(LAST), 12, golden)


@pytest.mark.parametrize("number", [-1, 8])
def test_a_layer_that_is_not_there(traced, number):
    with pytest.raises(ModelError, match=f"layer must be the number of an operator, 0 to 7, not {number}"):
        traced.node(number)


def test_an_operator_without_a_way_back(traced, golden, monkeypatch):
    monkeypatch.delitem(RULES, "ADD")
    with pytest.raises(
        ModelError, match=r"operator 4, ADD .*: its way back must be known, as CONV_2D, .*ADD$"
    ):
        project(traced, traced.node(LAST), 0, golden)


def test_a_network_with_two_inputs(golden):
    model = small_network()
    second = replace(model.inputs[0], number=1000)
    two = Model(Graph((*model.inputs, second), model.outputs, model.nodes))
    with pytest.raises(ModelError, match="a network to be explained must have one input, not 2"):
        trace(two, small_input(), golden)


def test_weights_with_many_zero_points(traced, golden):
    """Turned round, a kernel's zero point would be a channel's."""
    first, *rest = traced.model.nodes
    x, w, bias = first.inputs
    odd = replace(first, inputs=(x, replace(w, zero_point=np.arange(8)), bias))
    model = Model(Graph(traced.model.inputs, traced.model.outputs, (odd, *rest)))
    again = trace(model, small_input(), golden)
    with pytest.raises(ModelError, match="its weights must have one zero point for the way back"):
        project(again, again.node(0), 0, golden)
