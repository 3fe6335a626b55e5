"""Drives an AXI-Stream input."""

from collections import deque


class PacketSource:
    """Sends packets in order, one beat per cycle unless it pauses.

    A role: `step()` runs after each rising edge, reads what the flip-flops saw at that edge and writes what
    they will see at the next one. Handles are looked up once and read only where they matter: an access costs
    a few percent of a clock cycle of `tiny`.

    Members
    -------
    beats : beats transferred
    pauses : a `Pauses`; may be replaced between packets
    on_taken_back : called when an offered beat is taken back, which only `stop_sending` does
    """

    def __init__(self, dut, prefix, lanes, pauses, on_taken_back=lambda: None):
        pins = {
            pin: getattr(dut, f"{prefix}_{pin}") for pin in ("tdata", "tkeep", "tvalid", "tready", "tlast")
        }
        self._data, self._keep, self._valid = pins["tdata"], pins["tkeep"], pins["tvalid"]
        self._ready, self._last = pins["tready"], pins["tlast"]
        self.name, self.lanes, self.pauses, self.on_taken_back = prefix, lanes, pauses, on_taken_back
        self.reset()

    def reset(self):
        """Forgets everything and drives an idle stream."""
        self._queue, self._offered, self.beats = deque(), None, 0
        for pin in (self._data, self._keep, self._valid, self._last):
            pin.value = 0
        self._is_valid, self._driven = 0, (0, 0, 0)
        self._open = self._stopping = False  # `_open`: a beat was taken that did not end its packet

    def send(self, packet, *, keep=None):
        """Queues a packet (bytes). `keep`: TKEEP of its last beat; None marks the bytes that there are."""
        packet, lanes = bytes(packet), self.lanes
        starts = range(0, len(packet), lanes) if packet else (0,)
        beats = [[int.from_bytes(packet[n : n + lanes], "little"), (1 << lanes) - 1, 0] for n in starts]
        rest = len(packet) - starts[-1]
        beats[-1][1:] = [(1 << rest) - 1 if keep is None else keep, 1]
        self._queue.extend(map(tuple, beats))

    def stop_sending(self):
        """Ends the packet that has begun and forgets the others, as a DMA does that is stopped."""
        self._stopping = True

    def _stop(self):
        if self._offered and not self._open:  # the first beat is on offer and was not taken: taken back
            self._offered = None
            self._drive_valid(0)
            self.on_taken_back()
        rest, inside = deque(), self._open and not (self._offered and self._offered[2])
        while inside and not (rest and rest[-1][2]):
            rest.append(self._queue.popleft())
        self._queue, self._stopping = rest, False

    @property
    def busy(self):
        """Whether beats are still to be taken."""
        return bool(self._queue or self._offered)

    def step(self):
        if self._offered and int(self._ready.value):
            self.beats += 1
            self._open = not self._offered[2]
            self._offered = None
            self.pauses.transferred()
        if self._stopping:
            self._stop()
        if not self._offered:
            self._offer()

    def _offer(self):
        if not self._queue:
            self._drive_valid(0)
        elif self.pauses.paused:
            self._drive_valid(0)
            self.pauses.waited(int(self._ready.value))
        else:
            self._offered = self._queue.popleft()
            self._drive_valid(1)
            self._drive(self._offered)

    def _drive_valid(self, valid):
        if valid != self._is_valid:
            self._valid.value = self._is_valid = valid

    def _drive(self, beat):
        for pin, value, driven in zip((self._data, self._keep, self._last), beat, self._driven, strict=True):
            if value != driven:
                pin.value = value
        self._driven = beat
