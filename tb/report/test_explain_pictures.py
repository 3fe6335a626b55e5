"""Pictures of feature maps and responses: what they show, pixel by pixel where that can be told."""

import numpy as np
import pytest
from convloom.device.opening import open as open_device
from convloom.models.explain import trace
from convloom.report import explain_pictures as pictures
from convloom.report.explain_pictures import Response
from convloom.report.pictures import shown
from PIL import Image
from roles.small_network import small_input, small_network


@pytest.fixture(scope="module")
def device():
    with open_device("golden") as opened:
        yield opened


@pytest.fixture(scope="module")
def traced(device):
    return trace(small_network(), small_input(), device)


def response(places, size=(40, 60)):
    """With these values at these places, of three colours."""
    projection = np.zeros((*size, 3))
    for place, value in places.items():
        projection[place] = value
    return Response(3, 1.0, projection)


def test_grey_where_nothing_came_from():
    picture = response({(5, 6): (1, 0, -1)}).picture
    assert picture[5, 6].tolist() == [255, 128, 0]
    assert (picture.reshape(-1, 3) == 128).all(1).sum() == 40 * 60 - 1


def test_a_silent_channel_is_grey():
    silent = response({})
    assert (silent.picture == 128).all() and not silent.strength.any()
    assert silent.picture[silent.patch].shape == (40, 60, 3)


def test_strength_is_the_strongest_colours():
    strength = response({(5, 6): (0.1, -2, 1), (7, 8): (0, 0.5, 0)}).strength
    assert strength[5, 6] == 1 and 0 < strength[7, 8] < 1 and np.count_nonzero(strength) == 2


@pytest.mark.parametrize(
    "places", [[(20, 30)], [(0, 0)], [(39, 59)], [(10, 10), (12, 33)], [(0, 0), (39, 59)]]
)
def test_a_patch_holds_all_that_is_not_faint(places):
    found = response(dict.fromkeys(places, (1, 1, 1)) | {(20, 5): (0.01, 0, 0)})
    rows, columns = found.patch
    assert rows.stop - rows.start == columns.stop - columns.start >= pictures.LEAST
    assert all(rows.start <= y < rows.stop and columns.start <= x < columns.stop for y, x in places) or (
        rows.stop - rows.start == 40  # as tall as the picture
    )
    assert min(rows.start, columns.start) >= 0 and rows.stop <= 40 and columns.stop <= 60


def test_a_response_is_the_channels(traced, device):
    node = traced.node(5)
    found = pictures.respond(traced, node, 7, device, "nhwc")
    assert found.channel == 7 and found.projection.shape == (12, 12, 3) and found.projection.any()
    assert found.peak == traced.real(node.outputs[0])[..., 7].max()


def test_what_has_feature_maps(traced):
    assert [node.number for node in traced.model.nodes if pictures.has_maps(node)] == [0, 1, 2, 3, 4, 5]


def test_small_pictures_keep_square_pixels():
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    large = pictures.crisp(picture)
    times = pictures.CRISP // 2
    assert large.shape == (2 * times, 2 * times, 3)
    assert (large[:times, times:] == picture[0, 1]).all()


def test_sheets(traced, device, tmp_path):
    photo = shown(small_input(), traced.model.inputs[0])
    nodes = [traced.node(number) for number in (0, 5)]
    responses = {
        node: [pictures.respond(traced, node, channel, device, "nhwc") for channel in (0, 1)]
        for node in nodes
    }
    pictures.feature_maps(traced, nodes[0], tmp_path / "maps.png")
    pictures.overview(photo, responses, tmp_path / "overview.png")
    pictures.channel_sheet(photo, nodes[1], responses[nodes[1]], tmp_path / "channel.png")
    for name in ("maps", "overview", "channel"):
        page = np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB"))
        assert page.shape[1] == pictures.WIDE and page.std() > 20, name
    channel = np.asarray(Image.open(tmp_path / "channel.png").convert("RGB"))
    assert (channel[60:400, 10:400].std((0, 1)) > 20).all(), "the input stands at the left"


def test_shown_is_the_picture_from_black_to_white(traced):
    photo = shown(small_input(), traced.model.inputs[0])
    assert photo.shape == (12, 12, 3) and (photo.min(), photo.max()) == (0, 255)
    order = np.argsort(small_input()[0].ravel(), kind="stable")
    assert (np.diff(photo.ravel()[order].astype(int)) >= 0).all()


def test_channels_first_are_shown_last():
    x = small_input()
    tensor = small_network().inputs[0]
    turned = shown(np.ascontiguousarray(x.transpose(0, 3, 1, 2)), tensor, layout="nchw")
    np.testing.assert_array_equal(turned, shown(x, tensor))


def test_what_is_no_picture_is_not_shown(traced):
    assert shown(np.zeros((1, 5), np.int8), traced.model.outputs[0]) is None
