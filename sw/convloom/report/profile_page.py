"""A profile as one HTML page that needs nothing but itself."""

from base64 import b64encode
from io import BytesIO

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from convloom.models.profile import USES
from convloom.report import colours, profile_drawings
from convloom.report.profile_rows import milliseconds, rows, size


def page(profile, name, mhz, picture=None):
    """The page as text.

    Parameters
    ----------
    profile : a Profile
    name : of the network
    mhz : the clock for which times are given
    picture : uint8 [h, w, 3], what the network was shown, or None
    """
    steps, total = rows(profile)
    longest = max(step.cycles for step in profile.steps)
    return _template().render(
        name=name,
        mhz=f"{mhz:g}",
        config=profile.config,
        inputs=", ".join(f"{tensor.name} {size(tensor.shape)}" for tensor in profile.graph.inputs),
        picture=picture is not None and _png(picture),
        tiles=_tiles(profile, mhz),
        rows=steps,
        total=total,
        all_cycles=max(profile.total.cycles, 1),
        bars=[profile_drawings.bar(each.report, longest) if each.report else [] for each in profile.steps],
        hottest=max(row.share for row in steps),
        strip=profile_drawings.strip(profile),
        graph=profile_drawings.graph(profile),
        layer_height=profile_drawings.LAYER,
        host_height=profile_drawings.HOST,
        uses=[(use, meaning) for use, meaning in USES.items() if round(total.spent[use])],
        colours=colours.USES,
    )


def _template():
    """Every text from a model's file is escaped, and a name that the template misspells is an error."""
    loader = PackageLoader("convloom.report", ".")
    options = {"trim_blocks": True, "lstrip_blocks": True}
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, **options)
    return environment.get_template("profile.html")


def _tiles(profile, mhz):
    """(what, figure, unit, note) of the whole network."""
    engine, whole = (profile.latency(mhz, host) for host in (False, True))
    total = profile.total
    return [
        ("on the engine", milliseconds(engine), "ms", f"{total.cycles:,} cycles"),
        ("with the host's operators", milliseconds(whole), "ms", "one after the other"),
        ("frames on the engine", _per_second(engine), "per s", "one at a time"),
        ("frames with the host", _per_second(whole), "per s", "one at a time"),
        ("multipliers busy", f"{total.utilisation:.1%}", "", f"{total.macs:,} MACs on {total.multipliers}"),
        ("least cycles", f"{total.bound:,}", "", f"bound by {total.bound_by}"),
    ]


def _per_second(seconds):
    return f"{1 / seconds:,.1f}" if seconds else "-"


def _png(pixels):
    """A picture as the address that holds it."""
    content = BytesIO()
    Image.fromarray(pixels).save(content, "png")
    return f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"
