"""4b Review: what people look at again, and what they decide."""

from labelwright.review.audits import agrees, audited_annotation, blind_answer, check_audit, keep_blind
from labelwright.review.picks import close_needless, pick, request
from labelwright.review.planting import plant, planted_answer, record_planted
from labelwright.review.policy import REASONS, ReviewPolicy
from labelwright.review.verdicts import record, reviewed_annotation, shown

__all__ = [
    "REASONS",
    "ReviewPolicy",
    "agrees",
    "audited_annotation",
    "blind_answer",
    "check_audit",
    "close_needless",
    "keep_blind",
    "pick",
    "plant",
    "planted_answer",
    "record",
    "record_planted",
    "request",
    "reviewed_annotation",
    "shown",
]
