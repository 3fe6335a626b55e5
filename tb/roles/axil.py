"""An AXI4-Lite master, and a face of it for the host's own blocking driver."""

from collections import deque

from cocotb.task import resume
from cocotb.triggers import Event

OKAY = 0


class AxilError(AssertionError):
    """A response other than OKAY."""


class _Transfer:
    """A read or write that is under way: which of its channels still have to be offered, and its answer."""

    def __init__(self, address, data=None, strobe=0xF):
        self.address, self.data, self.strobe = address, data, strobe
        self.is_write = data is not None
        self.done, self.answer = Event(), None


class AxilMaster:
    """One transfer after another. A role: `step()` runs after each rising edge; an idle bus costs nothing.

    `rng` decides how address and data of a write are ordered, and how long an answer waits for its ready.
    """

    def __init__(self, dut, prefix, rng):
        self._pin = {
            channel + pin: getattr(dut, f"{prefix}_{channel}{pin}")
            for channel, pins in (
                ("aw", ("addr", "prot", "valid", "ready")),
                ("w", ("data", "strb", "valid", "ready")),
                ("b", ("resp", "valid", "ready")),
                ("ar", ("addr", "prot", "valid", "ready")),
                ("r", ("data", "resp", "valid", "ready")),
            )
            for pin in pins
        }
        self._rng = rng
        self.reset()

    def reset(self):
        """Forgets everything and drives an idle bus."""
        self._queue, self._current, self._offered, self._delay = deque(), None, {}, 0
        for name, pin in self._pin.items():
            if not name.startswith(("b", "r")) and not name.endswith("ready"):
                pin.value = 0
        self._pin["bready"].value = self._pin["rready"].value = 0

    @property
    def busy(self):
        """Whether a transfer is under way."""
        return self._current is not None or bool(self._queue)

    async def read(self, address):
        """The word at a byte address. Raises AxilError for a response that is not OKAY."""
        data, response = await self.transfer(address)
        if response != OKAY:
            raise AxilError(f"read of {address:#x} was answered with {response}")
        return data

    async def write(self, address, data, strobe=0xF):
        """Writes a word. Raises AxilError for a response that is not OKAY."""
        _, response = await self.transfer(address, data, strobe)
        if response != OKAY:
            raise AxilError(f"write to {address:#x} was answered with {response}")

    async def transfer(self, address, data=None, strobe=0xF):
        """(data or None, response) of a read, or of a write where data is given."""
        transfer = _Transfer(address, data, strobe)
        self._queue.append(transfer)
        await transfer.done.wait()
        return transfer.answer

    def step(self):
        if self._current is None:
            if self._queue:
                self._begin(self._queue.popleft())
            return
        self._advance_offers()
        if not self._offered:
            self._await_answer()

    def _begin(self, transfer):
        self._current, self._delay = transfer, self._rng.choice((0, 0, 1, 3))
        if not transfer.is_write:
            self._offered = {"ar": 0}
            self._pin["araddr"].value = transfer.address
        else:
            # Address and data may come in either order or together.
            self._offered = dict(zip(("aw", "w"), self._rng.choice(((0, 0), (0, 2), (2, 0))), strict=True))
            self._pin["awaddr"].value = transfer.address
            self._pin["wdata"].value, self._pin["wstrb"].value = transfer.data, transfer.strobe
        for channel, wait in self._offered.items():
            self._pin[channel + "valid"].value = int(wait == 0)

    def _advance_offers(self):
        for channel, wait in list(self._offered.items()):
            if wait == 0 and int(self._pin[channel + "ready"].value):
                self._pin[channel + "valid"].value = 0
                del self._offered[channel]
            elif wait:
                self._offered[channel] = wait - 1
                self._pin[channel + "valid"].value = int(wait == 1)

    def _await_answer(self):
        channel, is_write = ("b", True) if self._current.is_write else ("r", False)
        ready = self._pin[channel + "ready"]
        if self._delay is None:  # ready is up
            if int(self._pin[channel + "valid"].value):
                ready.value = 0
                data = None if is_write else int(self._pin["rdata"].value)
                self._current.answer = data, int(self._pin[channel + "resp"].value)
                self._current.done.set()
                self._current = None
        elif self._delay:
            self._delay -= 1
        else:
            ready.value, self._delay = 1, None


class HostRegisters:
    """`read` and `write` as the host's driver calls them: blocking, below `cocotb.task.bridge`."""

    def __init__(self, master):
        self.read, self.write = resume(master.read), resume(master.write)
