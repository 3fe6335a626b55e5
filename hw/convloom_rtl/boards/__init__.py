"""Engines that test themselves on a board: nothing but a clock, a button and LEDs."""
