"""Machines suggest, people decide: labelers look at every item, and what they propose is shown beside it.

A labeler is a file in `labelers/`: functions of one's own, or a small model that learns from the labels so far. Suggestions are never
annotations: they stand in a table of their own, with labeler, version and score.

    assist:
      labelers:
        - {functions: rules.py}
        - {model: {}}

A labeler whose `role` is `annotate` counts as one more annotator; `counted` names those that do.

What a model says about items that it has not seen is kept too: the report of its row in `labeler_versions` names the blob with its
out-of-fold predictions (`out_of_fold`: arrays `item_ids`, `labels`, `probabilities`, and the report's `classes`), and the function
`out_of_fold` reads it.
"""

from labelwright.assist.decorator import labeling_function
from labelwright.assist.policy import AssistPolicy, Roles, read_roles
from labelwright.assist.predictions import Predictions, out_of_fold
from labelwright.assist.suggesting import LabelerReport, SuggestReport, counted, suggest

__all__ = [
    "AssistPolicy",
    "LabelerReport",
    "Predictions",
    "Roles",
    "SuggestReport",
    "counted",
    "labeling_function",
    "out_of_fold",
    "read_roles",
    "suggest",
]
