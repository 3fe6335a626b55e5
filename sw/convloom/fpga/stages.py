"""Progress of tools that take minutes."""

from contextlib import contextmanager
from time import monotonic

WIDTH = 60  # of what a tool said last


class Stages:
    """A context in which each stage that runs has a line; what is done stays with the time that it took."""

    def __init__(self, console):
        # Not at the top: the package must import where only the host library is installed.
        from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        texts = TextColumn("{task.description}"), TextColumn("{task.fields[said]}")
        self._console = console
        self._progress = Progress(
            SpinnerColumn(), texts[0], TimeElapsedColumn(), texts[1], console=console, transient=True
        )

    def __enter__(self):
        self._progress.start()
        return self

    def __exit__(self, *raised):
        self._progress.stop()

    @contextmanager
    def stage(self, name):
        """Shows a line while it is open. Gives a function to be called with what the stage's tool says."""
        line, began = self._progress.add_task(name, said="", total=None), monotonic()
        try:
            yield lambda said: said and self._progress.update(line, said=said[:WIDTH])
        finally:
            self._progress.remove_task(line)
        self._console.print(f"{name}: {monotonic() - began:.0f} s")
