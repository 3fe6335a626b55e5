"""Both sides of payloads.ReportAccess in Amaranth's simulator."""


async def read_report(ctx, access, numbers):
    """The words of these numbers of the oldest report at `access`, which is then popped."""
    words = []
    for number in numbers:
        ctx.set(access.index, number)
        await ctx.tick().repeat(2)
        words.append(ctx.get(access.word))
    ctx.set(access.pop, 1)
    await ctx.tick()
    ctx.set(access.pop, 0)
    return words


class Provider:
    """Offers reports at `access`, an input of a stage: `add` one as {number: word} at any time.

    `watch` runs along with the testbenches. A word comes two cycles behind its index.
    """

    def __init__(self, access):
        self._access, self._reports = access, []

    def add(self, words):
        self._reports.append(words)

    async def watch(self, ctx):
        access, ahead = self._access, 0
        while True:
            ctx.set(access.waiting, len(self._reports))
            _, _, index, pop = await ctx.tick().sample(access.index, access.pop)
            ctx.set(access.word, ahead)
            ahead = self._reports[0].get(index, 0xDEAD) if self._reports else 0xDEAD
            if pop:
                del self._reports[0]
