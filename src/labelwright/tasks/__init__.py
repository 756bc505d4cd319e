"""3b Tasks: who is asked what. The queue, leases, overlap, and gold items in between."""

from labelwright.tasks.leases import advance_clock, cancel, cancel_open, extend, held_last, release, remember_skip, sweep
from labelwright.tasks.opening import open_tasks
from labelwright.tasks.policy import Overlap, TaskPolicy
from labelwright.tasks.queue import MOST_HELD, Leased, Queue

__all__ = [
    "MOST_HELD",
    "Leased",
    "Overlap",
    "Queue",
    "TaskPolicy",
    "advance_clock",
    "cancel",
    "cancel_open",
    "extend",
    "held_last",
    "open_tasks",
    "release",
    "remember_skip",
    "sweep",
]
