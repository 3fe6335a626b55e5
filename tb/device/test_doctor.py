"""`convloom doctor`: what is there and what is missing."""

from convloom.cli import main
from convloom.device import doctor
from convloom.errors import DeviceError


def missing():
    raise DeviceError("a thing is missing: install it")


def test_all_is_there(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", (("a thing", doctor.SIMULATION, lambda: "1.0"),))
    assert main(["doctor"]) == 0
    assert capsys.readouterr().out == "ok      a thing  1.0  [simulated device]\nAll is there.\n"


def test_what_the_simulated_device_needs_decides(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", (("a thing", doctor.SIMULATION, missing),))
    assert main(["doctor"]) == 1
    assert "MISSING a thing  a thing is missing: install it  [simulated device]" in capsys.readouterr().out


def test_what_only_tests_need_does_not(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "CHECKS", (("a thing", doctor.TESTS, missing),))
    assert main(["doctor"]) == 0
    assert "All is there." not in capsys.readouterr().out


def test_each_check_of_this_machine(monkeypatch):
    """The tests run, so all that they need is there."""
    assert [finding.problem for finding in doctor.examine()] == [None] * len(doctor.CHECKS)


def test_a_bare_machine_is_told_every_command(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    problems = {finding.name: finding.problem for finding in doctor.examine()}
    for name, command in (("C++ compiler", "install g++"), ("make", "install make"), ("perl", "install perl"),
                          ("Icarus", "install iverilog"), ("cache", "export XDG_CACHE_HOME=")):  # fmt: skip
        assert command in problems[name], name
