"""A profile as a table for the terminal."""

from rich.table import Table

from convloom.models.profile import USES
from convloom.report.profile_rows import rows

LEFT = ("operator", "window", "shape")
# A column's head, and the Row's member in it.
RIGHT = {
    "MACs": "macs",
    "cycles": "cycles",
    "useful": "utilisation",
    "at least": "bound",
    "for": "bound_by",
    "share": "percent",
    "jobs": "jobs",
    "host ms": "host",
}


def table(profile, title):
    """A rich Table: a row for each operator and one for all. Losses that cost no cycle anywhere are left out."""
    steps, total = rows(profile)
    losses = [use for use in USES if use != "useful" and round(total.spent[use])]
    drawn = Table(title=title, box=None, pad_edge=False)
    drawn.add_column("", justify="right", no_wrap=True)
    for head in LEFT:
        drawn.add_column(head, no_wrap=True)
    for head in (*RIGHT, *losses):
        drawn.add_column(head, justify="right", no_wrap=True)
    slowest = max(row.share for row in steps)
    for row in (*steps, total):
        texts = [getattr(row, member) for member in ("number", *LEFT, *RIGHT.values())]
        stands_out = row is total or row.share == slowest > 0
        drawn.add_row(*texts, *map(row.lost, losses), style="bold" if stands_out else None)
    return drawn
