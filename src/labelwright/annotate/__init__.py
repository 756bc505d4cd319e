"""3c Annotate: drafts, submissions and comments of people."""

from labelwright.annotate.comments import Comment, add_comment, read_comments, resolve_comment
from labelwright.annotate.drafts import Draft, read_draft, save_draft
from labelwright.annotate.submission import Submission, add_annotation, already_done, digest, remember

__all__ = [
    "Comment",
    "Draft",
    "Submission",
    "add_annotation",
    "add_comment",
    "already_done",
    "digest",
    "read_comments",
    "read_draft",
    "remember",
    "resolve_comment",
    "save_draft",
]
