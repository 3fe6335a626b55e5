"""An engine on a chip: synthesised, placed and routed with open tools, its area and clock as figures."""
