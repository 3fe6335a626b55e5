"""An AXI4-Lite manager for a stage in Amaranth's simulator."""

OKAY, SLVERR = 0, 2


async def read(ctx, port, address):
    """(data, response) of a read at the pins of `port`."""
    ctx.set(port.araddr, address)
    ctx.set(port.arvalid, 1)
    await ctx.tick().until(port.arready)
    ctx.set(port.arvalid, 0)
    ctx.set(port.rready, 1)
    data, response = await ctx.tick().sample(port.rdata, port.rresp).until(port.rvalid)
    ctx.set(port.rready, 0)
    return data, response


async def write(ctx, port, address, data, strobe=0b1111):
    """The response to a write at the pins of `port`; address and data are offered together."""
    ctx.set(port.awaddr, address)
    ctx.set(port.wdata, data)
    ctx.set(port.wstrb, strobe)
    channels = ((port.awvalid, port.awready), (port.wvalid, port.wready))
    for valid, _ in channels:
        ctx.set(valid, 1)
    while any(ctx.get(valid) for valid, _ in channels):
        _, _, *taken = await ctx.tick().sample(*(ready for _, ready in channels))
        for (valid, _), done in zip(channels, taken, strict=True):
            ctx.set(valid, ctx.get(valid) and not done)
    ctx.set(port.bready, 1)
    (response,) = await ctx.tick().sample(port.bresp).until(port.bvalid)
    ctx.set(port.bready, 0)
    return response
