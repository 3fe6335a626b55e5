"""A profile's operators as rows of text, for the terminal and for the page alike."""

from dataclasses import dataclass, field

from convloom.models.profile import spent

# Of a layer's weights, the dimensions that are the window's height and width.
WINDOWS = {"CONV_2D": (1, 2), "DEPTHWISE_CONV_2D": (1, 2), "TRANSPOSE_CONV": (1, 2)}


@dataclass(frozen=True)
class Row:
    """An operator's figures as text, empty where there are none.

    Members
    -------
    share : of the device's cycles, a number from 0 to 1
    spent : cycles by the names in USES, numbers; {} for an operator of the host
    """

    number: str
    operator: str
    window: str
    shape: str
    macs: str = ""
    cycles: str = ""
    utilisation: str = ""
    bound: str = ""
    bound_by: str = ""
    percent: str = ""
    jobs: str = ""
    host: str = ""
    share: float = 0.0
    spent: dict = field(default_factory=dict)

    def lost(self, use):
        """Cycles spent on one of USES, as text."""
        return f"{self.spent[use]:,.0f}" if use in self.spent else ""


def rows(profile):
    """A Row for each operator in order, and the Row of all of them together."""
    steps = [
        _row(_names(each.node), each.report, profile.share(each), each.seconds) for each in profile.steps
    ]
    return steps, _row(("", "all", "", ""), profile.total, 1.0, profile.host_seconds)


def _names(node):
    """An operator's number, what it is, its window and its output's shape."""
    return str(node.number), name(node), _window(node), size(node.outputs[0].shape)


def name(node):
    """What an operator is, with the file's own name for it where that is another."""
    return f"{node.operator} ({node.source})" if node.source else node.operator


def _row(names, report, share, seconds):
    host = milliseconds(seconds) if seconds else ""
    if report is None:
        return Row(*names, host=host)
    return Row(
        *names,
        macs=f"{report.macs:,}",
        cycles=f"{report.cycles:,}",
        utilisation=f"{report.utilisation:.1%}",
        bound=f"{report.bound:,}",
        bound_by=report.bound_by,
        percent=f"{share:.1%}",
        jobs=f"{len(report.jobs):,}",
        host=host,
        share=share,
        spent=spent(report),
    )


def size(shape):
    """Such as "112x112x32": a batch of one is left out."""
    return "x".join(map(str, shape[1:] if len(shape) > 1 and shape[0] == 1 else shape))


def milliseconds(seconds):
    """Text with a number of digits that suits its size."""
    value = seconds * 1e3
    return f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" if value >= 100 else f"{value:.3f}"


def _window(node):
    """Such as "3x3/2": the window and its stride."""
    if node.operator in WINDOWS:
        taps = [node.inputs[1].shape[axis] for axis in WINDOWS[node.operator]]
    elif "filter" in node.options:
        taps = node.options["filter"]
    else:
        return ""
    height, width = node.options["stride"]
    steps = f"/{height}" if height == width else f"/{height}x{width}"
    return f"{taps[0]}x{taps[1]}{'' if height == width == 1 else steps}"
