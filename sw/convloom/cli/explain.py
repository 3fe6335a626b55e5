"""`convloom explain`: pictures of a network's feature maps, and of what its channels respond to."""

from pathlib import Path

import numpy as np

import convloom
from convloom.cli import network
from convloom.errors import ModelError
from convloom.models.pictures import layout_of

ROWS = 5  # layers that are looked at where none is told
METHODS = {"deconvnet": False, "guided": True}


def add_arguments(parser):
    """The command's arguments."""
    network.add_arguments(parser)
    parser.add_argument("--layer", type=int, help="number of an operator (default: some, from first to last)")
    parser.add_argument("--channel", type=int, help="of that layer (default: the strongest)")
    parser.add_argument("--top", type=int, default=6, help="channels of each layer to show (default: 6)")
    parser.add_argument(
        "--method",
        choices=METHODS,
        help="the way back through a rectifier: deconvnet (Zeiler and Fergus), or guided by the activations that "
        "passed it (default: guided where the network has no maximum pools)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("build/explain"), help="folder (default: build/explain)"
    )


def run(arguments):
    """Writes the pictures and says where."""
    from rich.console import Console

    from convloom.models.explain import trace

    if arguments.channel is not None and arguments.layer is None:
        raise ModelError("a channel must be told together with its layer")
    model, console = network.load(arguments), Console()
    arguments.layout = arguments.layout or layout_of(model.inputs[0])
    x = network.read_input(arguments, model)
    with convloom.open(arguments.device) as device:
        with console.status(f"running {arguments.model.name}"):
            traced = trace(model, x, device, arguments.rounding)
        responses = _respond(traced, _chosen(traced, arguments), device, arguments, console)
    for path in _draw(traced, responses, x, arguments):
        console.print(path, highlight=False, soft_wrap=True)


def _chosen(traced, arguments):
    """(node, channel) of all that is to be looked at, a node's first channel first."""
    nodes = _layers(traced.model) if arguments.layer is None else [traced.node(arguments.layer)]
    for node in nodes:
        told = [] if arguments.channel is None else [arguments.channel]
        strongest = traced.strongest(node, max(arguments.top, 1))
        yield from ((node, channel) for channel in (*told, *(c for c in strongest if c not in told)))


def _layers(model):
    """Some convolutions, at equal distances from the first to the last."""
    found = [node for node in model.nodes if node.operator in ("CONV_2D", "DEPTHWISE_CONV_2D")]
    if not found:
        raise ModelError("a network to be explained must have convolutions, or a layer must be told")
    return [found[place] for place in sorted(set(np.linspace(0, len(found) - 1, ROWS).round().astype(int)))]


def _respond(traced, chosen, device, arguments, console):
    """node -> Responses, with progress."""
    from rich.progress import Progress

    from convloom.report.explain_pictures import respond

    chosen, responses = list(chosen), {}
    guided = METHODS.get(arguments.method)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("projecting back", total=sum(node.number + 1 for node, _ in chosen))
        for node, channel in chosen:
            response = respond(traced, node, channel, device, arguments.layout, guided=guided)
            responses.setdefault(node, []).append(response)
            progress.advance(task, node.number + 1)
    return responses


def _draw(traced, responses, x, arguments):
    """Writes the pictures; gives their paths."""
    from convloom.report import explain_pictures as pictures
    from convloom.report.pictures import shown

    metadata = network.metadata(arguments, traced.model)
    photo = shown(x, traced.model.inputs[0], metadata, arguments.layout)
    folder = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    for node in filter(pictures.has_maps, traced.model.nodes):
        path = folder / f"maps-{node.number:03d}-{node.operator.lower()}.png"
        pictures.feature_maps(traced, node, path)
        yield path
    if len(responses) > 1:
        pictures.overview(photo, responses, folder / "responses.png")
        yield folder / "responses.png"
    *_, (node, found) = responses.items()
    path = folder / f"response-{node.number:03d}-{found[0].channel:04d}.png"
    pictures.channel_sheet(photo, node, found, path)
    yield path
