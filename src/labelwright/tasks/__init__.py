"""3b Tasks: who is asked what. The queue, leases, overlap, and gold items in between."""

from labelwright.tasks.leases import (
    advance_clock,
    cancel,
    cancel_open,
    extend,
    held_last,
    keep_clock,
    release,
    remember_skip,
    renew,
    seconds_left,
    sweep,
    was_handed,
)
from labelwright.tasks.opening import Outdated, open_tasks, read_outdated
from labelwright.tasks.policy import Overlap, TaskPolicy
from labelwright.tasks.queue import MOST_HELD, Leased, Queue

__all__ = [
    "MOST_HELD",
    "Leased",
    "Outdated",
    "Overlap",
    "Queue",
    "TaskPolicy",
    "advance_clock",
    "cancel",
    "cancel_open",
    "extend",
    "held_last",
    "keep_clock",
    "open_tasks",
    "read_outdated",
    "release",
    "remember_skip",
    "renew",
    "seconds_left",
    "sweep",
    "was_handed",
]
