# PYNQ-Z2, XC7Z020 in package CLG400: clock, reset and LEDs of the programmable logic. Its UART is the processor's.
create_clock -name clk -period 8.000 [get_ports clk]
set_property -dict {PACKAGE_PIN H16 IOSTANDARD LVCMOS33} [get_ports clk]
# BTN0: high while it is pressed.
set_property -dict {PACKAGE_PIN D19 IOSTANDARD LVCMOS33} [get_ports reset]
# LD0 to LD2, lit by a high pin.
set_property -dict {PACKAGE_PIN R14 IOSTANDARD LVCMOS33} [get_ports led_pass]
set_property -dict {PACKAGE_PIN P14 IOSTANDARD LVCMOS33} [get_ports led_fail]
set_property -dict {PACKAGE_PIN N16 IOSTANDARD LVCMOS33} [get_ports led_beat]
