"""Where an ECP5's multipliers lie, and the memories beside them, for nextpnr, which by itself scatters them."""

from dataclasses import dataclass

from convloom.spec.config import ROW_BANKS

BLOCK = (
    (0, "MULT18_0"),
    (1, "MULT18_1"),
    (4, "MULT18_4"),
    (5, "MULT18_5"),
)  # a multiplier block's columns and names
TO_MEMORIES, MEMORY_STEP = 12, 2
LINES = 2 * ROW_BANKS  # memories of the line buffer
OPERANDS = 16  # bits, of two multipliers, for which there is one memory


@dataclass(frozen=True)
class Floorplan:
    """A chip's multipliers: rows of blocks of four.

    TO_MEMORIES lines beyond each row lies one of block RAMs, four to a multiplier block, in every other column.

    Parameters
    ----------
    lines : the rows' lines
    columns : each block's first column
    """

    lines: tuple
    columns: tuple

    @property
    def multipliers(self):
        """How many there are."""
        return len(self.lines) * len(self.columns) * len(BLOCK)

    def snake(self, lanes):
        """The `place` for an Ecp5 that is this chip: rows of `lanes` multipliers in a snake over it.

        A row's multipliers lie side by side, and rows that follow each other near each other. What the rows leave free,
        and multipliers for which there is no room, are left to nextpnr.
        """

        def place(row, lane):
            column, line, within = self._on_the_way(row * lanes + lane)
            if line is None:
                return None
            offset, name = BLOCK[within]
            return f"X{column + offset}/Y{line}/{name}"

        return place

    def memories(self, lanes):
        """Likewise the `place_memory`: operands beside their first multiplier, the line buffer in the middle.

        What the line buffer joins, the same bits of its words, lies side by side. Operands take every other block RAM
        of their rows at most, so that there is room for the others: of memories that hold fewer bits the first one.
        """

        def place(near, bit, bits):
            kind, number = near
            if kind == "lines":
                return self._between(bit // bits * LINES + number, 8 * lanes // bits * LINES)
            column, line, within = self._on_the_way(number * lanes + bit // 8)
            return None if line is None or bit % OPERANDS else _memory(column, line, within)

        return place

    def _between(self, number, count):
        """One of the `count` block RAMs next to the middle of the first two rows that no operands are given, from left
        to right."""
        free = [(column, within) for column in self.columns for within in (1, 3)]
        middle = len(free) // 2
        index, line = divmod(number, 2)
        index += middle - count // 4
        return _memory(free[index][0], self.lines[line], free[index][1]) if 0 <= index < len(free) else None

    def _on_the_way(self, number):
        """Of the multiplier with that number in the snake: its block's column and line, and which of the block it is.

        No line where there are no more.
        """
        block, within = divmod(number, len(BLOCK))
        line, column = divmod(block, len(self.columns))
        if line >= len(self.lines):
            return None, None, None
        return self.columns[column if line % 2 == 0 else -1 - column], self.lines[line], within


# By the die, in whatever package.
FLOORPLANS = {
    "LFE5-85": Floorplan(lines=(10, 34, 58), columns=(4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)),
    "LFE5-45": Floorplan(lines=(22, 46), columns=(4, 13, 22, 31, 42, 51, 60, 69, 78)),
}


def _memory(column, line, within):
    return f"X{column + MEMORY_STEP * within}/Y{line + TO_MEMORIES}/EBR{within}"
