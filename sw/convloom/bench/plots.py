"""The bench's pictures: each network's layers, its roofline, and what slower streams cost."""

from math import ceil, sqrt

import matplotlib

from convloom.bench.record import lost_cycles

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402  (the backend is chosen before pyplot is loaded)
from matplotlib.ticker import EngFormatter, FuncFormatter, PercentFormatter  # noqa: E402

from convloom.report.colours import USES  # noqa: E402

USEFUL, IDLE, LINE = USES["useful"], USES["lanes"], "#333333"
CAUSE_COLOURS = {use: colour for use, colour in USES.items() if use not in ("useful", "lanes")}
KIND_COLOURS = {
    "convolution": USEFUL,
    "pointwise": "#2a9d8f",
    "depthwise": "#f2a541",
    "fully connected": "#bc4749",
}
CONFIG_COLOURS = ("#2a6f97", "#e76f51", "#2a9d8f", "#8e7dbe", "#6c757d")
STREAMS = ("job", "act", "out")
LABELS = 4  # layers that a roofline names: those that lose most cycles
INVISIBLE = 10_000  # an area of less than such a part of the picture is not drawn
NARROW = 45  # a bar of less than such a part of all has no name
PANELS = 5  # side by side, at most


def draw(entries, folder):
    """The pictures of the last entry, and the one of bandwidth, in that folder."""
    name = f"{entries[-1]['network']}-{entries[-1]['config']}"
    bars(entries[-1], folder / f"{name}-layers.png")
    roofline(entries[-1], folder / f"{name}-roofline.png")
    if "bandwidth" in entries[-1]:
        bandwidth(entries, folder / "bandwidth.png")


def bars(entry, path):
    """A bar per layer of a network, as wide as its share of the cycles: what of it was useful, and what was lost."""
    figure, axes = pyplot.subplots(figsize=(10, 4.2), layout="constrained")
    left, seen = 0, {}
    for layer in entry["layers"]:
        bottom = 0
        for key, colour, share in _shares(layer):
            # What is too small to be seen is not in the legend either.
            if share * layer["cycles"] > entry["cycles"] / INVISIBLE:
                box = {"color": colour, "edgecolor": "white", "linewidth": 0.3}
                axes.bar(left, share, layer["cycles"], bottom, align="edge", **box)
                seen[key] = pyplot.Rectangle((0, 0), 1, 1, color=colour)
            bottom += share
        if layer["cycles"] > entry["cycles"] / NARROW:
            _name_bar(axes, layer, left + layer["cycles"] / 2)
        left += layer["cycles"]
    axes.set(xlim=(0, left), ylim=(0, 1), xlabel="cycles", ylabel="share of the multipliers")
    axes.set_title(f"{entry['network']} on {entry['config']}: {entry['utilisation']:.1%} useful")
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    keys = [key for key in ("useful", "idle lanes", *CAUSE_COLOURS) if key in seen]
    handles = [seen[key] for key in keys]
    figure.legend(handles, keys, loc="outside lower center", ncols=len(keys), frameon=False, fontsize=8)
    _save(figure, path)


def _shares(layer):
    """(what, colour, share of the cycles), from the bottom."""
    yield "useful", USEFUL, layer["utilisation"]
    for cause, cycles in layer["lost"].items():
        yield cause, CAUSE_COLOURS[cause], cycles / layer["cycles"]
    yield "idle lanes", IDLE, layer["idle_lanes"] / layer["cycles"]


def _name_bar(axes, layer, middle):
    inside = layer["utilisation"] > 0.3
    height, colour = (0.02, "white") if inside else (layer["utilisation"] + 0.02, "black")
    axes.text(middle, height, layer["name"], rotation=90, ha="center", va="bottom", color=colour, fontsize=7)


def roofline(entry, path):
    """Each layer's MACs per cycle over the MACs that it does with a beat of its busiest stream."""
    figure, axes = pyplot.subplots(figsize=(7, 4.8), layout="constrained")
    peak = entry["multipliers"]
    _scatter(axes, entry)
    _name_the_worst(axes, entry)
    places = [_place(layer)[0] for layer in entry["layers"]]
    lowest, highest = min(peak / 16, *places) / 2, max(peak * 4, *places) * 2
    axes.plot([lowest, peak, highest], [lowest, peak, peak], color=LINE, linewidth=1.2)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda number, _: f"{number:g}"))
    axes.set(xlabel="MACs per beat of the busiest stream", ylabel="MACs per cycle")
    share = f"{entry['utilisation']:.1%} of {peak} multipliers"
    axes.set_title(f"{entry['network']} on {entry['config']}: {share}")
    axes.grid(alpha=0.2)
    axes.legend(loc="lower right", frameon=False, fontsize=8)
    told = "Areas: share of the cycles. Above the line: bytes that came while the layer before computed."
    figure.supxlabel(told, fontsize=7, color="#555555")
    _save(figure, path)


def _place(layer):
    """Where a layer is in the roofline: MACs per beat of its busiest stream, MACs per cycle."""
    beats = max(layer["bounds"][name] for name in STREAMS)
    return layer["macs"] / beats, layer["macs"] / layer["cycles"]


def _scatter(axes, entry):
    for kind, colour in KIND_COLOURS.items():
        layers = [layer for layer in entry["layers"] if layer["kind"] == kind]
        if layers:
            x, y = zip(*map(_place, layers), strict=True)
            areas = [_area(layer, entry) for layer in layers]
            axes.scatter(x, y, areas, color=colour, alpha=0.6, edgecolor="white", linewidth=0.5, zorder=3)
            axes.scatter([], [], 40, color=colour, label=kind)


def _area(layer, entry):
    """Of a layer's dot; layers of a sixth of the cycles and more are alike."""
    return 40 + 1500 * min(layer["cycles"] / entry["cycles"], 1 / 6)


def _name_the_worst(axes, entry):
    """Names beside the layers that lose most; of those at one place, the first one's."""
    named = []
    for layer in sorted(entry["layers"], key=lost_cycles, reverse=True):
        x, y = _place(layer)
        if len(named) < LABELS and all(abs(x / a - 1) > 0.2 or abs(y / b - 1) > 0.1 for a, b in named):
            axes.annotate(
                layer["name"],
                (x, y),
                (4 + sqrt(_area(layer, entry)) / 2, -3),
                textcoords="offset points",
                fontsize=7,
                color=LINE,
            )
            named.append((x, y))


def bandwidth(entries, path):
    """A panel for each network: utilisation over the bytes that all streams together move in a cycle."""
    names = list(dict.fromkeys(entry["network"] for entry in entries))
    configs = list(dict.fromkeys(entry["config"] for entry in entries))
    rows = ceil(len(names) / PANELS)
    columns = ceil(len(names) / rows)
    figure, panels = pyplot.subplots(
        rows, columns, figsize=(max(2.4 * columns, 5), 2.3 * rows + 0.6), squeeze=False, layout="constrained"
    )
    for axes in panels.flat[len(names) :]:
        axes.axis("off")
    handles = {}
    for name, axes in zip(names, panels.flat, strict=False):
        for entry in (entry for entry in entries if entry["network"] == name):
            colour = CONFIG_COLOURS[configs.index(entry["config"]) % len(CONFIG_COLOURS)]
            handles[entry["config"]] = _curve(axes, entry, colour)
        axes.set_title(name, fontsize=9)
        axes.set(xlim=(0, None), ylim=(0, 1.02))
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.tick_params(labelsize=7)
        axes.grid(alpha=0.2)
    handles["bound by bytes and multipliers"] = pyplot.Line2D([], [], color=LINE, linestyle=":", linewidth=1)
    figure.legend(
        handles.values(), handles, loc="outside upper center", ncols=len(handles), frameon=False, fontsize=8
    )
    figure.supxlabel("bytes per cycle of all streams together", fontsize=9)
    figure.supylabel("useful share of the multipliers", fontsize=9)
    _save(figure, path)


def _curve(axes, entry, colour):
    """An entry's utilisation as measured, and as its bytes alone would allow."""
    rates = [point["bytes_per_cycle"] for point in entry["bandwidth"]]
    (line,) = axes.plot(
        rates, [point["utilisation"] for point in entry["bandwidth"]], "o-", color=colour, ms=3.5, lw=1.3
    )
    steps = [rates[-1] * number / 100 for number in range(1, 101)]
    array = entry["bounds"][entry["bound"]]
    least = [max(array, entry["bytes"] / rate) for rate in steps]
    shares = [entry["bounds"]["multipliers"] / cycles for cycles in least]
    axes.plot(steps, shares, ":", color=colour, linewidth=1)
    return line


def _save(figure, path):
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
