"""The command line: what it lists, its exit codes, and the files that `verilog` writes."""

from importlib import import_module, metadata

import pytest
from convloom.cli import COMMANDS, main


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_tells_its_options(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"usage: convloom {command}" in capsys.readouterr().out


def test_help_lists_the_commands(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    listed = capsys.readouterr().out
    assert left.value.code == 0 and all(f"  {name} " in listed for name in COMMANDS)


def test_version(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"convloom {metadata.version('convloom')}\n"


def test_an_unknown_command_is_a_wrong_call(capsys):
    with pytest.raises(SystemExit) as left:
        main(["weave"])
    assert left.value.code == 2
    assert "invalid choice: 'weave'" in capsys.readouterr().err


def test_a_failure_is_told_in_a_line(capsys):
    assert main(["verilog", "--config", "huge"]) == 1
    told = capsys.readouterr().err
    assert told.startswith("convloom verilog: config must be one of tiny, small, ") and "'huge'" in told


def test_an_interrupt_leaves_quietly(monkeypatch):
    def interrupted(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_module("convloom.cli.doctor"), "run", interrupted)
    assert main(["doctor"]) == 130


def test_verilog_writes_both_forms_and_the_core(tmp_path, capsys):
    for folder in ("once", "twice"):
        assert main(["verilog", "--config", "tiny", "--output", str(tmp_path / folder)]) == 0
    names = ["convloom_tiny.core", "convloom_tiny.sv", "convloom_tiny.v", "convloom_tiny_tb.v"]
    assert sorted(path.name for path in (tmp_path / "once").iterdir()) == names
    assert str(tmp_path / "once" / names[0]) in capsys.readouterr().out
    for name in names:
        text = (tmp_path / "once" / name).read_bytes()
        assert (b"module convloom_tiny(" in text) == (name in ("convloom_tiny.sv", "convloom_tiny.v"))
        assert text == (tmp_path / "twice" / name).read_bytes()
