"""`convloom plan`: what it prints, and what it refuses."""

import pytest
from convloom.cli import main


def printed(capsys, *arguments):
    assert main(["plan", *arguments]) == 0
    return capsys.readouterr().out


def test_a_layer_as_it_is(capsys):
    out = printed(capsys, "16x16x16", "16x3x3").splitlines()
    assert out[0] == "589824 MACs on small"
    assert out[1].startswith("  as it is: 1 jobs, 9") and out[1].endswith("% useful")
    assert out[2].split()[:4] == ["jobs", "input", "output", "kernel"]
    assert out[3].split()[:5] == ["1", "16x16x16", "16x16x16", "3x3", "36"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    (
        (
            "224x224x3 64x7x7 --stride 2 --padding 3 --config large",
            "window rows folded into channels: 1 jobs",
        ),
        ("14x14x32 32x3x3 --groups 32", "depthwise jobs: 1 jobs"),
        ("14x14x36 36x3x3 --groups 36 --config odd-8x6", "6 groups a job"),
        ("14x14x512 512x1x1", "kernels in"),
        ("8x2000x16 8x3x3", "columns in"),
        ("1x1x25088 8x1x1", "input channels in 4, partial sums added on the host"),
        ("7x7x8 8x3x3 --transposed --stride 2", "phase 4 of 4: "),
        ("9x9x8 8x3x3 --groups 8 --dilation 2", "phase 4 of 4: "),
        ("5x5x8 8x1x1 --batch 4 --raw", "1  20x5x8"),
    ),
)
def test_why(capsys, arguments, words):
    assert words in printed(capsys, *arguments.split())


def test_the_cuts_that_were_not_taken(capsys):
    out = printed(capsys, "32x32x3", "16x3x3")
    weighed = out.split("weighed against it")[1].splitlines()[1:]
    cycles = [int(line.split()[0]) for line in weighed]
    assert cycles == sorted(cycles) and any("folded" in line or "as it is" in line for line in weighed)


@pytest.mark.parametrize(
    ("arguments", "message"),
    (
        ("4x4x3 4x3x3 --groups 2", "groups must divide 3 channels and 4 kernels, not be 2"),
        ("4x4x3 4x3x3 --padding full", "padding must be same, valid or a whole number, not 'full'"),
        ("4x4x3 4x3x3 --stride 0", "sizes, stride, dilation and batch must be 1 or more"),
        ("2x2x3 4x3x3 --padding valid", "the kernel's reach must be at most the padded input's 2, not 3"),
        ("4x4x3 4x3x3 --config huge", "config must be one of"),
    ),
)
def test_what_is_refused(capsys, arguments, message):
    assert main(["plan", *arguments.split()]) == 1
    assert message in capsys.readouterr().err


def test_sizes_that_are_none(capsys):
    with pytest.raises(SystemExit):
        main(["plan", "4x4", "4x3x3"])
    assert "argument input" in capsys.readouterr().err
