"""The demo: a kernel step by step, a photograph through banks of kernels and a second layer, handwritten digits."""
