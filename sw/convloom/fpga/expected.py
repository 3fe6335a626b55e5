"""What an engine cannot do without: the multipliers and memories that must be there after synthesis."""

from math import ceil

from convloom.errors import DeviceError
from convloom.fpga.figures import kilo_luts


def check_core(config, chip, area):
    """Raises DeviceError where the core has other multiplier blocks than its Config needs, or too few memories."""
    family = chip.family
    allowed = multiplier_blocks(config, family)
    blocks = area[family.multiplier]
    if blocks not in allowed:
        told = " to ".join(map(str, sorted({allowed[0], allowed[-1]})))
        raise DeviceError(f"{family.multiplier} of {config.name} must be {told}, not {blocks}")
    bits = sum(area[figure] * size for figure, size in family.memories.items())
    least = buffer_bits(config)
    if bits < least:
        raise DeviceError(f"block memories of {config.name} must hold {least} bits or more, not {bits}")


def check_room(config, chip, area):
    """Raises DeviceError where the chip has fewer cells than the core takes, with how many."""
    taken = {**area, "luts": round(1000 * kilo_luts(area, chip.family))}
    over = [f"{taken[name]:,} of {most:,} {name}" for name, most in chip.room.items() if taken[name] > most]
    if over:
        raise DeviceError(f"{config.name} does not fit {chip.name}: it takes {', '.join(over)}")


def check_placed(chip, area, placed):
    """Raises DeviceError where blocks of the core are missing behind the pins."""
    for figure, blocks in placed.items():
        if blocks != area[figure]:
            raise DeviceError(f"{figure} placed on {chip.name} must be {area[figure]}, not {blocks}")


def check_clock(config, board, asked, reached):
    """Raises DeviceError where the placed design is slower than the board's oscillator, both in MHz."""
    if reached < asked:
        raise DeviceError(
            f"{config.name} on {board.name} must reach {asked:g} MHz, its clock, not {reached:.2f} MHz"
        )


def multiplier_blocks(config, family):
    """The counts that the array's products and the forms of the requantiser's allow, each of those of either form."""
    array = ceil(config.multipliers * family.product_blocks)
    least, most = (array + config.requant_lanes * form(family.scale_blocks) for form in (min, max))
    return range(least, most + 1)


def buffer_bits(config):
    """Bits of the line buffer, the weight ring and the output ring."""
    weights = config.weight_words * config.multipliers
    return 8 * (config.line_bytes + weights + config.output_words * config.cout_lanes)
