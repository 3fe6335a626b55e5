"""One 3x3 kernel slides over a 4x4 picture: every window, every product, every sum, what the device says."""

import numpy as np
from rich.table import Table
from rich.text import Text

PICTURE = np.array([[1, 2, 0, 3], [4, 6, 1, 0], [2, 9, 7, 1], [0, 3, 8, 5]], np.int8)
KERNEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], np.int8)  # Sobel: brighter towards the right
SIZE = 3


def cells(numbers, inside=lambda row, column: False):
    """The numbers in a grid; those inside stand out."""
    text = Text()
    for row, line in enumerate(numbers):
        for column, number in enumerate(line):
            marked = inside(row, column)
            text.append(f"[{number}]".rjust(5) if marked else f"{number} ".rjust(5), "bold green" * marked)
        text.append("\n" * (row < len(numbers) - 1))
    return text


def products(window):
    """The nine products as they are added up, a line for each row of the window."""
    rows = zip(window.tolist(), KERNEL.tolist(), strict=True)
    return "\n".join(" + ".join(f"{x}*{w:<2}" for x, w in zip(*row, strict=True)) for row in rows)


def run(device, console):
    """Prints all steps. Returns how many of the device's four sums are not the sums of the products shown."""
    answer = device.conv2d(PICTURE[None, :, :, None], KERNEL[None, :, :, None], padding="valid")[0, ..., 0]
    table = Table("window", "products", "sum", "device", title="A 3x3 kernel over a 4x4 picture")
    wrong = 0
    for (y, x), told in np.ndenumerate(answer):
        window = PICTURE[y : y + SIZE, x : x + SIZE]
        total = sum(int(a) * int(b) for a, b in zip(window.flat, KERNEL.flat, strict=True))
        wrong += total != told
        shown = cells(PICTURE, lambda row, column, y=y, x=x: 0 <= row - y < SIZE and 0 <= column - x < SIZE)
        table.add_row(shown, products(window), str(total), str(told), end_section=True)
    console.print(table)
    console.print(f"which makes the {answer.shape[0]}x{answer.shape[1]} result\n", cells(answer), "\n")
    return wrong
