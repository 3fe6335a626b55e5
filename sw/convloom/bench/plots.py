"""The bench's pictures: a roofline, and how each layer of a network fares."""

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend is chosen before pyplot is loaded)

BUSY, LOST = "#2a6f97", "#d9d9d9"
CAUSE_COLOURS = {
    "descriptor": "#6c757d",
    "weights": "#bc4749",
    "activations": "#f2a541",
    "output": "#8e7dbe",
    "drain": "#a3b18a",
    "issue": "#2a9d8f",
}


def bars(entry, path):
    """A bar per layer of a network, as wide as its share of the cycles: what of it was useful, and what was lost."""
    layers = entry["layers"]
    figure, axes = pyplot.subplots(figsize=(10, 4.2), layout="constrained")
    left = 0
    for layer in layers:
        width = layer["cycles"]
        useful, bottom = layer["utilisation"], layer["utilisation"]
        axes.bar(left, useful, width, align="edge", color=BUSY, edgecolor="white", linewidth=0.3)
        for cause, cycles in layer["lost"].items():
            share = cycles / width
            axes.bar(left, share, width, bottom, align="edge", color=CAUSE_COLOURS[cause])
            bottom += share
        axes.bar(left, max(1 - bottom, 0), width, bottom, align="edge", color=LOST)
        if width > entry["cycles"] / 45:
            axes.text(
                left + width / 2, 0.02, layer["name"], rotation=90, ha="center", color="white", fontsize=7
            )
        left += width
    axes.set(xlim=(0, left), ylim=(0, 1), xlabel="cycles", ylabel="share of the multipliers")
    axes.set_title(f"{entry['network']} on {entry['config']}: {entry['utilisation']:.1%} useful")
    keys = {"useful": BUSY, **CAUSE_COLOURS, "lanes without a tap": LOST}
    handles = [pyplot.Rectangle((0, 0), 1, 1, color=colour) for colour in keys.values()]
    figure.legend(handles, keys, loc="outside lower center", ncols=len(keys), frameon=False, fontsize=8)
    _save(figure, path)


def roofline(entry, path, cin_lanes):
    """Each layer's MACs per cycle over the MACs that it does with a byte of the busiest stream."""
    figure, axes = pyplot.subplots(figsize=(7, 4.6), layout="constrained")
    peak = entry["multipliers"]
    for layer in entry["layers"]:
        # Streams have different widths: a byte counts as much of a cycle as it takes on its own.
        beats = max(layer["bounds"][name] for name in ("job", "act", "out"))
        axes.plot(
            layer["macs"] / (beats * cin_lanes), layer["macs"] / layer["cycles"], "o", color=BUSY, alpha=0.7
        )
    lowest, highest = axes.get_xlim()
    lowest, highest = max(lowest, 0.5), max(highest, 2 * peak / cin_lanes)
    ridge = peak / cin_lanes
    axes.plot([lowest, ridge, highest], [lowest * cin_lanes, peak, peak], color="#333333", linewidth=1.2)
    axes.set(
        xscale="log", yscale="log", xlabel="MACs per byte of the busiest stream", ylabel="MACs per cycle"
    )
    axes.set_title(f"{entry['network']} on {entry['config']}: roofline")
    axes.grid(which="both", alpha=0.2)
    figure.supxlabel(
        "A layer's bytes may arrive while the layer before it computes: above the slope.",
        fontsize=7,
        color="#555555",
    )
    _save(figure, path)


def bandwidth(curves, path):
    """Utilisation over the bytes that all streams together move in a cycle; `curves`: name -> [(bytes, share)]."""
    figure, axes = pyplot.subplots(figsize=(7, 4.6), layout="constrained")
    for name, points in curves.items():
        axes.plot(*zip(*points, strict=True), "o-", label=name)
    axes.set(
        xscale="log", xlabel="bytes per cycle of all streams together", ylabel="utilisation", ylim=(0, 1)
    )
    axes.legend(frameon=False, fontsize=8)
    axes.grid(alpha=0.2)
    _save(figure, path)


def _save(figure, path):
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
