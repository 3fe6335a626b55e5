"""Tools that are missing or fail."""

import sys

import pytest
from convloom.errors import DeviceError
from convloom.fpga import tools


def test_a_tool_that_is_not_installed(tmp_path):
    with pytest.raises(DeviceError, match="yowasp_loom is missing: .*pip install 'convloom\\[fpga\\]'"):
        tools.run("yowasp_loom", [], tmp_path, "loom.log")


@pytest.fixture
def loom(tmp_path, monkeypatch):
    """A tool that says what it is given and fails when there is nothing."""
    (tmp_path / "yowasp_loom.py").write_text(
        "def run_loom(given):\n    print(*given)\n    return not given\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(tools.metadata, "version", lambda package: "1.0")
    yield "yowasp_loom"
    sys.modules.pop("yowasp_loom", None)


def test_what_a_tool_says_is_heard_and_kept(loom, tmp_path):
    heard = []
    tools.run(loom, ["warp", 7], tmp_path, "loom.log", heard.append)
    assert heard == ["warp 7"] and (tmp_path / "loom.log").read_text() == "warp 7\n"


def test_a_tool_may_write_its_log_itself(loom, tmp_path):
    (tmp_path / "loom.log").write_text("written by the loom\n")
    tools.run(loom, ["-l", "loom.log"], tmp_path, "loom.log")
    assert (tmp_path / "loom.log").read_text() == "written by the loom\n"


def test_a_tool_that_fails_is_told_with_its_log(loom, tmp_path):
    with pytest.raises(DeviceError, match=r"loom failed with exit code 1 \(.*loom.log\)"):
        tools.run(loom, [], tmp_path, "loom.log")
