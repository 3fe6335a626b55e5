"""From layers to jobs."""
