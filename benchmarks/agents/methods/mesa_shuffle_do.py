"""mesa with one agent for each person, who act in random order (`AgentSet.shuffle_do`)."""

from functools import partial

from methods import mesa_do
from methods.mesa_do import count, prepare

__all__ = ["count", "live", "prepare"]
live = partial(mesa_do.live, method="shuffle_do")
