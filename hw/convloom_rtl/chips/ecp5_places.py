"""Where an ECP5's multipliers lie, and the memories beside them, for nextpnr, which by itself scatters them."""

from convloom.spec.config import ROW_BANKS

# LFE5-85: three rows of thirteen blocks of four. A block's column, and what its four are called. Beyond each row, so
# many lines further, lies one of block RAMs, four to a multiplier block, in every other column.
ROWS = (10, 34, 58)
COLUMNS = (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
BLOCK = ((0, "MULT18_0"), (1, "MULT18_1"), (4, "MULT18_4"), (5, "MULT18_5"))
TO_MEMORIES, MEMORY_STEP = 12, 2
LINES = 2 * ROW_BANKS  # memories of the line buffer
OPERANDS = 16  # bits, of two multipliers, for which there is one memory
MULTIPLIERS = len(ROWS) * len(COLUMNS) * len(BLOCK)


def snake(lanes):
    """The `place` for an Ecp5 that is an LFE5-85: rows of `lanes` multipliers in a snake over the chip.

    A row's multipliers lie side by side, and rows that follow each other near each other. What the rows leave free,
    and multipliers for which there is no room, are left to nextpnr.
    """

    def place(row, lane):
        column, line, within = _on_the_way(row * lanes + lane)
        if line is None:
            return None
        offset, name = BLOCK[within]
        return f"X{column + offset}/Y{line}/{name}"

    return place


def memories(lanes):
    """Likewise the `place_memory`: operands by the first multiplier that they are for, the line buffer in the middle.

    What the line buffer joins, the same bits of its words, lies side by side. Operands take every other block RAM of
    their rows at most, so that there is room for the others: of memories that hold fewer bits the first one.
    """

    def place(near, bit, bits):
        kind, number = near
        if kind == "lines":
            return _between(bit // bits * LINES + number, 8 * lanes // bits * LINES)
        column, line, within = _on_the_way(number * lanes + bit // 8)
        return None if line is None or bit % OPERANDS else _memory(column, line, within)

    return place


def _memory(column, line, within):
    return f"X{column + MEMORY_STEP * within}/Y{line + TO_MEMORIES}/EBR{within}"


def _between(number, count):
    """One of the `count` block RAMs next to the chip's middle that no operands are given, from left to right."""
    free = [(column, within) for column in COLUMNS for within in (1, 3)]
    middle = len(free) // 2
    index, line = divmod(number, 2)
    index += middle - count // 4
    return _memory(free[index][0], ROWS[line], free[index][1]) if 0 <= index < len(free) else None


def _on_the_way(number):
    """Of the multiplier with that number in the snake: its block's column and line, and which of the block it is.

    No line where there are no more.
    """
    block, within = divmod(number, len(BLOCK))
    line, column = divmod(block, len(COLUMNS))
    if line >= len(ROWS):
        return None, None, None
    return COLUMNS[column if line % 2 == 0 else -1 - column], ROWS[line], within
