"""A profile's page without a browser: well-formed, complete in itself, and its figures are the profile's."""

import re
from base64 import b64decode
from dataclasses import replace
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from convloom.device.opening import open as open_device
from convloom.models.graph import Graph
from convloom.models.profile import Profile, spent
from convloom.report.colours import USES
from convloom.report.profile_page import page
from PIL import Image
from roles.small_network import small_input, small_network

PICTURE = np.random.default_rng(3).integers(0, 256, (12, 12, 3), np.uint8)


@pytest.fixture(scope="module")
def profile():
    with open_device("sim:tiny") as device:
        return small_network().profile(small_input(), device)


def parse(text):
    """The page's elements. It is written so that an XML parser, which forgives nothing, reads it."""
    assert text.startswith("<!DOCTYPE html>")
    return ElementTree.fromstring(text)


def texts(row):
    return ["".join(cell.itertext()) for cell in row]


def test_the_page_needs_nothing_else(profile):
    text = page(profile, "a network", 100, PICTURE)
    for element in parse(text).iter():
        assert element.tag not in ("script", "link", "iframe", "object")
        for name, value in element.attrib.items():
            assert not re.search(r"\burl\(|https?:|//", value) or value.startswith("data:"), (name, value)
            assert name not in ("src", "href") or value.startswith("data:image/png;base64,")
    assert not re.search(r"@import|url\(|https?:", text)


def test_the_picture_is_inside(profile):
    (image,) = parse(page(profile, "a network", 100, PICTURE)).iter("img")
    held = Image.open(BytesIO(b64decode(image.get("src").partition(",")[2])))
    np.testing.assert_array_equal(np.asarray(held), PICTURE)
    assert not list(parse(page(profile, "a network", 100)).iter("img"))


def test_a_row_for_each_operator_with_its_figures(profile):
    table = parse(page(profile, "a network", 100)).find(".//table")
    heads = texts(table.find("thead/tr"))
    rows = [dict(zip(heads, texts(row), strict=True)) for row in table.findall("tbody/tr")]
    assert len(rows) == len(profile.steps)
    for row, step in zip(rows, profile.steps, strict=True):
        assert (row[""], row["operator"]) == (str(step.node.number), step.node.operator)
        assert row["shape"] == "x".join(map(str, step.node.outputs[0].shape[1:]))
        if step.report is None:
            assert float(row["host ms"]) == pytest.approx(1e3 * step.seconds, abs=1e-3)
            assert not row["MACs"] + row["cycles"] + row["lanes"]
        else:
            assert_figures(row, step.report)
            assert row["share"] == f"{step.cycles / profile.total.cycles:.1%}"


def assert_figures(row, report):
    """A row's numbers are the report's."""
    counts = {name: int(row[name].replace(",", "")) for name in ("MACs", "cycles", "at least", "jobs")}
    assert counts == {
        "MACs": report.macs,
        "cycles": report.cycles,
        "at least": report.bound,
        "jobs": len(report.jobs),
    }
    assert (row["useful"], row["for"]) == (f"{report.utilisation:.1%}", report.bound_by)
    for use, cycles in spent(report).items():
        if use != "useful":
            assert row.get(use, "0") == f"{cycles:,.0f}", use


def test_the_foot_is_all_layers(profile):
    table = parse(page(profile, "a network", 100)).find(".//table")
    foot = dict(zip(texts(table.find("thead/tr")), texts(table.find("tfoot/tr")), strict=True))
    assert_figures(foot, profile.total)
    assert float(foot["host ms"]) == pytest.approx(1e3 * profile.host_seconds, abs=1e-3)


def test_times_are_for_the_clock(profile):
    tiles = parse(page(profile, "a network", 50)).findall(".//dl/div")
    figures = {tile.find("dt").text: tile.find("dd").text.strip() for tile in tiles}
    engine, whole = profile.total.cycles / 50e6, profile.total.cycles / 50e6 + profile.host_seconds
    assert float(figures["on the engine"]) == pytest.approx(1e3 * engine, abs=1e-3)
    assert float(figures["with the host's operators"]) == pytest.approx(1e3 * whole, abs=1e-3)
    per_second = {name: float(figures[name].replace(",", "")) for name in figures if "frames" in name}
    assert per_second["frames on the engine"] == pytest.approx(1 / engine, abs=0.1)
    assert per_second["frames with the host"] == pytest.approx(1 / whole, abs=0.1)


def test_bars_are_as_long_as_their_cycles(profile):
    rows = parse(page(profile, "a network", 100)).findall(".//ol/li")[1:]
    longest = max(step.cycles for step in profile.steps)
    for row, step in zip(rows, profile.steps, strict=True):
        drawn = {bar.get("fill"): float(bar.get("width")) for bar in row.iter("rect")}
        wanted = {
            USES[use]: 1000 * cycles / longest
            for use, cycles in (spent(step.report) if step.report else {}).items()
            if cycles > 0
        }
        assert drawn == pytest.approx(wanted, abs=0.01)


def test_slow_layers_stand_out(profile):
    page_ = parse(page(profile, "a network", 100))
    heats = [float(node.get("style").partition(":")[2]) for node in page_.iter("circle")][1:]
    radii = [float(node.get("r")) for node in page_.iter("circle")][1:]
    slowest = max(range(len(heats)), key=lambda n: profile.steps[n].cycles)
    assert heats[slowest] == 1 and radii[slowest] == max(radii)
    assert [heat > 0 for heat in heats] == [step.report is not None for step in profile.steps]


def test_names_from_a_file_are_escaped(profile):
    graph = profile.graph
    hostile = replace(graph.inputs[0], name="<script>alert('&')</script>")
    renamed = Profile(Graph((hostile,), graph.outputs, graph.nodes), profile.steps, profile.config)
    text = page(renamed, "<b>", 100)
    assert "<script" not in text and parse(text).find(".//h1").text == "<b>"


def test_a_network_of_the_host_alone(profile):
    """A network without a layer: nothing to divide by."""
    steps = tuple(replace(step, report=None, seconds=0.001) for step in profile.steps)
    text = page(Profile(profile.graph, steps, profile.config), "a network", 100)
    assert len(parse(text).findall(".//tbody/tr")) == len(steps)
