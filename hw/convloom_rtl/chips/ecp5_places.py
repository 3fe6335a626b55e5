"""Where an ECP5's multipliers lie, for nextpnr, which by itself scatters them."""

# LFE5-85: three rows of thirteen blocks of four. A block's column, and what its four are called.
ROWS = (10, 34, 58)
COLUMNS = (4, 13, 22, 31, 40, 49, 58, 69, 78, 87, 96, 105, 114)
BLOCK = ((0, "MULT18_0"), (1, "MULT18_1"), (4, "MULT18_4"), (5, "MULT18_5"))
MULTIPLIERS = len(ROWS) * len(COLUMNS) * len(BLOCK)


def snake(lanes):
    """The `place` for an Ecp5 that is an LFE5-85: rows of `lanes` multipliers in a snake over the chip.

    A row's multipliers lie side by side, and rows that follow each other near each other. What the rows leave free,
    and multipliers for which there is no room, are left to nextpnr.
    """

    def place(row, lane):
        block, within = divmod(row * lanes + lane, len(BLOCK))
        line, column = divmod(block, len(COLUMNS))
        if line >= len(ROWS):
            return None
        column = COLUMNS[column if line % 2 == 0 else -1 - column]
        offset, name = BLOCK[within]
        return f"X{column + offset}/Y{ROWS[line]}/{name}"

    return place
