"""The keys of the pipeline file that are spelled otherwise by now, and those that are reserved for what is not built yet.

An old spelling is read like the new one, so that files stay valid, and `labelwright doctor` names the new one. A key that is reserved is
refused with a sentence that says so, and not as a typing error.
"""

from __future__ import annotations

import fnmatch
from typing import Any

from labelwright.errors import InvalidPipeline

__all__ = ["RENAMED", "RESERVED", "old_spellings", "renewed", "reserved"]

RENAMED = {"tasks.unassisted": "assist.unassisted", "quality.machines": "assist.labelers[*].role"}
"""Each old spelling, and what it is now."""

RESERVED = {
    "target": "a target that decides who is asked what, and when to stop, is not built yet. Set tasks.overlap and requirements.",
    "workflow": "stages and routes of a workflow are not built yet. Use the block review.",
    "notify": "webhooks and mail are not built yet.",
    "run.engine": "work is done on this machine; other engines are not built yet.",
    "sources[*].query": "SQL sources are not built yet. Write the rows to a file, or send them over HTTP.",
    "sources[*].cursor": "SQL sources are not built yet. Write the rows to a file, or send them over HTTP.",
    "sources[*].serve": "media are always copied into the store; serving them from where they lie is not built yet.",
    "sources[*].allow_hosts": "sources on the network are not built yet.",
    "schema.questions.*.attributes": "attributes of parts are not built yet.",
    "schema.questions.*.each": "questions about each turn or step are not built yet.",
    "schema.questions.*.options[*].renamed_from": "labels cannot be renamed by the file yet. Answers with the old label are asked again.",
    "schema.questions.*.options[*].merged_from": "labels cannot be merged by the file yet. Answers with the old labels are asked again.",
    "schema.questions.*.options[*].split_into": "labels cannot be split by the file yet. Answers with the old label are asked again.",
    "tasks.onboarding": "qualifying annotators before they begin is not built yet.",
    "tasks.skills": "asking by skill is not built yet.",
    "tasks.priority": "a priority of items is not built yet.",
    "tasks.limits": "limits for each person are not built yet.",
    "quality.control": "stopping annotators by control charts is not built yet.",
    "quality.criteria": "declaring criteria is not built yet; the report `criteria` is made in any case.",
    "dataset.train": "training and scoring a model from the file is not built yet.",
    "dataset.card": "the card is always written; settings of it are not built yet.",
}
"""Each key that a later version will have, and why it is refused. A star stands for any name or number."""


def old_spellings(data: Any) -> dict[str, str]:
    """Return the old spellings that a file's data uses, with the new ones.

    >>> old_spellings({"name": "a", "tasks": {"unassisted": "0%"}})
    {'tasks.unassisted': 'assist.unassisted'}
    """
    return {old: new for old, new in RENAMED.items() if _has(data, old)}


def renewed(data: Any, lines: dict[str, int]) -> Any:
    """Return a file's data with each old spelling in its new place, and note the line of each there.

    Raises:
        InvalidPipeline: a key is there in both spellings.
    """
    for old, new in old_spellings(data).items():
        block, key = old.split(".")
        value = data[block][key]
        into = data.get("assist") or {}
        if not isinstance(into, dict):
            continue
        if new == "assist.unassisted":
            if _has(data, new):
                raise InvalidPipeline(f"'{old}' and '{new}' are one key.", where=new, hint=f"Keep {new}; the other is its old spelling.")
            into, place = {**into, "unassisted": value}, new
        else:
            into, place = _with_roles(into, value)
        data = {**data, block: {name: one for name, one in data[block].items() if name != key}, "assist": into}
        if f"$.{old}" in lines:
            lines[f"$.{place}"] = lines[f"$.{old}"]
    return data


def _with_roles(assist: dict[str, Any], machines: Any) -> tuple[dict[str, Any], str]:
    """Return the block with a role for labelers that were said to count as annotators, while people saw what they suggest; and where."""
    labelers = assist.get("labelers") or []
    if not machines or not isinstance(labelers, list):
        return assist, "assist.labelers"
    named = {"named": {"names": machines, "role": "annotate", "shown": True}}
    return {**assist, "labelers": [*labelers, named]}, f"assist.labelers[{len(labelers)}]"


def reserved(place: str) -> str | None:
    """Return why the key at `place` is refused, where it is one that is not built yet.

    >>> reserved("schema.questions.intent.each")
    'questions about each turn or step are not built yet.'
    """
    return next((why for pattern, why in RESERVED.items() if fnmatch.fnmatchcase(place, pattern.replace("[*]", "[[]*]"))), None)


def _has(data: Any, place: str) -> bool:
    for key in place.split("."):
        if not isinstance(data, dict) or key not in data:
            return False
        data = data[key]
    return True
