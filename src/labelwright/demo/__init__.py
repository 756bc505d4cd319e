"""The demo: four small projects whose truth is known, and simulated people who label and review them through the server.

`write` makes the workspace, `simulate` lets people work in it, `summarise` tells what came of it, measured by the truth.
"""

from labelwright.demo.simulate import Simulated, simulate, simulate_project
from labelwright.demo.summary import Summary, summarise
from labelwright.demo.truth import may_be_simulated, read_truth, truth_of
from labelwright.demo.write import PROJECTS, write

__all__ = [
    "PROJECTS",
    "Simulated",
    "Summary",
    "may_be_simulated",
    "read_truth",
    "simulate",
    "simulate_project",
    "summarise",
    "truth_of",
    "write",
]
