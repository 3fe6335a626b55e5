"""From layers to jobs: `plan(layer, config)` cuts a layer of any size into jobs that fit an engine."""

from convloom.plan.layer import Axis, Layer
from convloom.plan.planner import Plan, plan

__all__ = ["Axis", "Layer", "Plan", "plan"]
