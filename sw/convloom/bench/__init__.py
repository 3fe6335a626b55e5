"""How busy the multipliers are: whole networks, layer by layer, on the simulated RTL."""
