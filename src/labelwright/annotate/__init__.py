"""3c Annotate: drafts, submissions and comments of people."""

from labelwright.annotate.comments import add_comment, resolve_comment
from labelwright.annotate.drafts import save_draft
from labelwright.annotate.submission import add_annotation, already_done, answer_task, digest, remember

__all__ = [
    "add_annotation",
    "add_comment",
    "already_done",
    "answer_task",
    "digest",
    "remember",
    "resolve_comment",
    "save_draft",
]
