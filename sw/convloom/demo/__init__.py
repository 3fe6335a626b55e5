"""The demo: a kernel step by step, then a photograph through banks of kernels and a second layer."""
