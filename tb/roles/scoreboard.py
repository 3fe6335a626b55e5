"""What the engine has to answer, from the golden model, and whether it did."""

from collections import deque


class Scoreboard:
    """Compares output packets in order with what `answer(job, act, config)` gives: (packet, error code).

    Members
    -------
    codes, answers : (job id, error code), and packet, of each job that was expected, in order
    compared : packets that were compared
    closing : packets are taken and not looked at, until `forget`: a soft reset cuts one short
    """

    def __init__(self, config, answer):
        self.config, self._answer = config, answer
        self._expected = deque()
        self.codes, self.answers, self.compared = [], [], 0
        self.closing = False

    def expect(self, vector):
        """The next job's packets, a Vector."""
        packet, code = self._answer(vector.job, vector.act, self.config)
        self._expected.append((vector, bytes(packet)))
        self.answers.append(bytes(packet))
        self.codes.append((vector.job_id, int(code)))

    def take(self, packet):
        """The next output packet. Raises AssertionError where it is not the expected one."""
        if self.closing:
            return
        assert self._expected, f"an output packet of {len(packet)} bytes to no job"
        vector, expected = self._expected.popleft()
        self.compared += 1
        assert len(packet) == len(expected), f"{vector}: {len(packet)} bytes, not {len(expected)}"
        if packet != expected:
            wrong = [n for n in range(len(expected)) if packet[n] != expected[n]]
            n = wrong[0]
            raise AssertionError(
                f"{vector}: {len(wrong)} of {len(expected)} bytes differ, "
                f"first byte {n}: {packet[n]:#04x}, not {expected[n]:#04x}"
            )

    def forget(self):
        """After a reset nothing is expected any more."""
        self._expected.clear()
        self.codes.clear()
        self.answers.clear()
        self.closing = False

    @property
    def waiting(self):
        """Packets that have not come yet."""
        return len(self._expected)

    def finish(self):
        """Raises AssertionError where packets are missing, or where there was nothing to compare."""
        assert not self._expected, (
            f"{len(self._expected)} output packets are missing, next {self._expected[0][0]}"
        )
        assert self.compared, "no output packet was compared"
