"""A memory of any width and depth out of a chip's block RAMs."""

from math import ceil

from amaranth.hdl import Cat, Const, Module, Mux, Shape, Signal, Value

from convloom_rtl.kit.pipeline import delay


def best_shape(shapes, width, depth):
    """Of the shapes, (words, bits) each, that a block RAM can take: the one that needs the fewest blocks.

    Where several do, the deepest of them: it leaves the least to choose from behind the blocks.
    """
    return min(shapes, key=lambda shape: (ceil(depth / shape[0]) * ceil(width / shape[1]), -shape[0]))


def block_memory(memory, shapes, block, latency, place=lambda bit, bits: None):
    """The module of the BlockMemory `memory`.

    Parameters
    ----------
    shapes : (words, bits) that a block RAM can have, words a power of two
    block : function of a module, a name, a place, one of the shapes, write enable, write address, data, read enable and
        read address that adds a block RAM and returns what it reads, `latency` cycles with a read enable later. Where
        that is sooner than the BlockMemory's own, the address waits in registers, which has fewer bits than the
        word; but the word does where reads may stand still: it is read at once, and then may be written.
    place : of the block RAM that holds so many bits of the word from one on, where one row of them holds all words
    """
    m = Module()
    width = Shape.cast(memory.shape).width
    words, bits = best_shape(shapes, width, memory.depth)
    within = (words - 1).bit_length()
    columns, rows = ceil(width / bits), ceil(memory.depth / words)
    used = ceil(width / columns)  # bits of each block RAM: none holds a byte that its neighbour could
    data = Cat(Value.cast(memory.i_data), Const(0, columns * used - width))
    address, waits = memory.i_read_address, memory.LATENCY - latency
    if not memory.stands_still:
        address, waits = delay(m, address, waits, "address"), 0
    write, read = (Cat(a, Const(0, within)) for a in (memory.i_write_address, address))
    with m.If(memory.i_read):
        row_of_read = delay(m, read[within:], latency, "row")
    word = Const(0, columns * bits)
    for row in range(rows):
        enable = Signal(name=f"enable_{row}")
        m.d.comb += enable.eq(memory.i_enable & (write[within:] == row))
        pieces = [
            block(
                m,
                f"block_{row}_{column}",
                place(column * used, used) if rows == 1 else None,
                (words, bits),
                enable,
                write[:within],
                Cat(data.word_select(column, used), Const(0, bits - used)),
                memory.i_read,
                read[:within],
            )[:used]
            for column in range(columns)
        ]
        word = Mux(row_of_read == row, Cat(pieces), word) if row else Cat(pieces)
    with m.If(memory.i_read):
        later = delay(m, word[:width], waits, "word")
    m.d.comb += memory.o_data.eq(later)
    return m
