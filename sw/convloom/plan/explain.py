"""A plan in words: its jobs with what they take of the buffers, and why the layer is cut that way."""

from convloom.plan.layer import pieces

HEADS = ("jobs", "input", "output", "kernel", "weights", "bank", "parameters", "cycles", "useful")


def explain(plan):
    """Lines of text: the cut, a table of its jobs, and the other cuts that were weighed."""
    layer, cycles = plan.layer, sum(plan.cycles)
    useful = layer.macs / (plan.config.multipliers * cycles)
    yield f"{describe(plan, plan.cut)}: {len(plan.jobs)} jobs, {cycles} cycles predicted, {useful:.1%} useful"
    yield from table(HEADS, _job_rows(plan))
    if len(plan.weighed) > 1:
        yield "weighed against it, in cycles of jobs back to back:"
        yield from (f"  {each:>12}  {describe(plan, cut)}" for each, cut in plan.weighed[1:])


def describe(plan, cut):
    """What is unusual about a cut, in words; "as it is" where nothing is."""
    layer = plan.layer
    c, k = layer.c // layer.groups, layer.k if cut.depthwise else layer.k // layer.groups
    words = []
    if cut.depthwise:
        words.append("depthwise jobs")
    elif layer.groups > 1:
        words.append("groups one by one" if cut.groups == 1 else f"{cut.groups} groups a job")
    if cut.folded:
        words.append("window rows folded into channels")
    for name, total, most in (("rows", layer.y.out, cut.out_h), ("columns", layer.x.out, cut.out_w)):
        if most < total:
            words.append(f"{name} in {len(pieces(total, most))}")
    if cut.kernels < k:
        words.append(f"kernels in {len(pieces(k, cut.kernels, plan.config.cout_lanes))}")
    if not cut.depthwise and cut.channels < c:
        parts = len(pieces(c, cut.channels, plan.config.cin_lanes))
        words.append(f"input channels in {parts}, partial sums added on the host")
    if cut.taps != (layer.y.taps, layer.x.taps):
        words.append(f"kernel in parts of {cut.taps[0]}x{cut.taps[1]}, partial sums added on the host")
    return ", ".join(words) or "as it is"


def _job_rows(plan):
    """A row for jobs that are alike: how many, and one's geometry, use of the buffers, and mean cycles."""
    config, by_tile = plan.config, {}
    for job, cycles in zip(plan.jobs, plan.cycles, strict=True):
        by_tile.setdefault(job.tile, []).append(cycles)
    for tile, cycles in by_tile.items():
        mean = sum(cycles) / len(cycles)
        tiles = tile.k_tiles(config.cout_lanes) * config.passes
        yield (
            str(len(cycles)),
            f"{tile.in_h}x{tile.in_w}x{tile.in_c}",
            f"{tile.out_h}x{tile.out_w}x{tile.out_c}",
            f"{tile.kh}x{tile.kw}",
            _share(tile.words(config), config.weight_words),
            _share(tile.bank_words(config.cin_lanes), config.bank_words),
            _share(tiles, config.parameter_words),
            f"{mean:.0f}",
            f"{tile.macs / (config.multipliers * mean):.1%}",
        )


def _share(used, there):
    return f"{used} ({used / there:.0%})"


def table(heads, rows):
    """Lines of a table whose columns are as wide as they have to be."""
    rows = [heads, *rows]
    widths = [max(len(row[n]) for row in rows) for n in range(len(heads))]
    for row in rows:
        yield "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
