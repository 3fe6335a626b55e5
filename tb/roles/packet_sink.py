"""Takes packets from an AXI-Stream output."""


class PacketSink:
    """Collects packets as bytes. A role: `step()` runs after each rising edge.

    Members
    -------
    beats : beats taken
    pauses : a `Pauses`: ready goes down for a while, and comes up for some transfers
    on_packet : called with each packet's bytes
    """

    def __init__(self, dut, prefix, lanes, pauses, on_packet):
        self._data, self._keep = getattr(dut, f"{prefix}_tdata"), getattr(dut, f"{prefix}_tkeep")
        self._valid, self._last = getattr(dut, f"{prefix}_tvalid"), getattr(dut, f"{prefix}_tlast")
        self._ready = getattr(dut, f"{prefix}_tready")
        self.name, self.lanes, self.pauses, self.on_packet = prefix, lanes, pauses, on_packet
        self.reset()

    def reset(self):
        """Forgets the packet that has begun."""
        self._bytes, self.beats, self._is_ready = bytearray(), 0, 0
        self._ready.value = 0

    @property
    def inside(self):
        """Whether a packet has begun and not ended."""
        return bool(self._bytes)

    def step(self):
        valid = int(self._valid.value)
        if self._is_ready and valid:
            self._take()
            self.pauses.transferred()
        elif self.pauses.paused and not self._is_ready and valid:
            # Counted down while there is something to stall, so that no pause is over before it is felt.
            self.pauses.waited(True)
        ready = not self.pauses.paused
        if ready != self._is_ready:
            self._ready.value = self._is_ready = int(ready)

    def _take(self):
        self.beats += 1
        count = int(self._keep.value).bit_length()
        self._bytes += int(self._data.value).to_bytes(self.lanes, "little")[:count]
        if int(self._last.value):
            packet, self._bytes = bytes(self._bytes), bytearray()
            self.on_packet(packet)
