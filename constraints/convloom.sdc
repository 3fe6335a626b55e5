# The engine's clock. All ports are synchronous to it.
create_clock -name aclk -period 10.000 [get_ports aclk]
