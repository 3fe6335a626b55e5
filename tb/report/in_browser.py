"""A profile's page in a real browser, at the size of a telephone and of a desk: `make test-page`.

Debian's headless Chromium lays the page out and says what it finds; its screenshots stay in build/pages.
"""

import html
import json
import re
import subprocess
from pathlib import Path

import convloom
import numpy as np
import pytest
from convloom.report.pictures import shown
from convloom.report.profile_page import page
from roles.small_network import small_input, small_network

ROOT = Path(__file__).resolve().parents[2]
SHARED, PAGES = ROOT.parent / "shared" / "models", ROOT / "build" / "pages"
BROWSER = ["chromium-headless-shell", "--no-sandbox", "--hide-scrollbars", "--enable-logging=stderr"]
SIZES = {"telephone": (390, 844), "desk": (1280, 900)}
NETWORKS = ("small", "ic_resnet8_int8", "kws_dscnn_int8", "mobilenet_v2_224_int8")
# Put at the end of the page: what only a browser knows, written where --dump-dom shows it. Text is cut off where an
# element that is not to scroll or to end in dots holds more than it shows.
MEASURE = """<script>
const all = [...document.querySelectorAll("body *")];
const right = all.filter(e => !e.closest(".scroll, svg")).map(e => e.getBoundingClientRect().right);
const cut = all.filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1 && !e.matches(".scroll, .what"));
document.documentElement.dataset.found = JSON.stringify({
  window: innerWidth, document: document.documentElement.scrollWidth, right: Math.max(...right),
  cut: cut.map(e => e.outerHTML.slice(0, 80)),
  rows: [...document.querySelectorAll("tbody tr")].filter(e => e.offsetHeight > 12).length,
  boxes: [...document.querySelectorAll("ol .box")].map(e => e.getBoundingClientRect()).map(r => (r.top + r.bottom) / 2),
  nodes: [...document.querySelectorAll("circle")].map(e => e.getBoundingClientRect()).map(r => (r.top + r.bottom) / 2),
  pictures: [...document.images].map(e => e.naturalWidth),
});
</script>"""


@pytest.fixture(scope="module", params=NETWORKS)
def written(request):
    """(the page's file, its Profile)."""
    if request.param == "small":
        model, x = small_network(), small_input()
    elif SHARED.exists():
        model = convloom.load(SHARED / f"{request.param}.tflite")
        x = np.load(SHARED / f"{request.param}.npz")["inputs"][:1]
    else:
        pytest.skip("the shared model files are not there")
    with convloom.open("sim") as device:
        profile = model.profile(x, device)
    PAGES.mkdir(parents=True, exist_ok=True)
    path = PAGES / f"{request.param}.html"
    path.write_text(page(profile, request.param, 100, shown(x, model.inputs[0])))
    return path, profile


@pytest.fixture(params=SIZES)
def browsed(request, written):
    """(what the browser found, what it logged, the Profile)."""
    (path, profile), (width, height) = written, SIZES[request.param]
    browser = [*BROWSER, f"--window-size={width},{height}"]
    subprocess.run([*browser, f"--screenshot={path.with_suffix('')}-{width}.png", path.as_uri()], check=True)
    measured = path.with_suffix(".measured.html")
    measured.write_text(path.read_text().replace("</body>", f"{MEASURE}</body>"))
    told = subprocess.run(
        [*browser, "--dump-dom", measured.as_uri()], capture_output=True, text=True, check=True
    )
    measured.unlink()
    (found,) = re.findall(r'data-found="([^"]*)"', told.stdout)
    return json.loads(html.unescape(found)) | {"asked": width}, told.stderr, profile


def test_page(browsed):
    found, logged, profile = browsed
    assert "CONSOLE" not in logged, logged
    assert found["window"] == found["asked"]
    assert found["document"] <= found["window"] and found["right"] <= found["window"]
    assert found["cut"] == []
    assert found["rows"] == len(profile.steps)
    assert found["boxes"] == pytest.approx(found["nodes"], abs=1), "a node is beside its operator"
    assert min(found["pictures"]) > 0
