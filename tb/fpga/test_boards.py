"""The boards that a bitstream can be made for."""

import pytest
from convloom.fpga import boards


def test_a_board_that_there_is_not():
    with pytest.raises(ValueError, match="board must be one of ulx3s, orangecrab, icebreaker, not 'de10'"):
        boards.board("de10")


@pytest.mark.parametrize(
    "suffix, line, megahertz",
    [(".lpf", 'FREQUENCY PORT "clk" 25 MHZ;', 25), (".pcf", "set_frequency clk 12.5", 12.5)],
)
def test_the_clock_is_what_the_file_states(suffix, line, megahertz, tmp_path):
    file = tmp_path / f"board{suffix}"
    file.write_text(f"# {line}\n")
    with pytest.raises(ValueError, match="must state the clock's frequency"):
        boards.clock(file)
    file.write_text(f"# pins\n{line}\n")
    assert boards.clock(file) == megahertz
