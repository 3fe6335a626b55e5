"""Tables and pictures of what a device did."""
