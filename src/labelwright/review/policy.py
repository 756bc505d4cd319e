"""What people review: the `review` block of the pipeline file."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema.quantities import share

__all__ = ["REASONS", "ReviewPolicy"]

REASONS = {
    "low_agreement": (0.6, "The annotators agree less than this, 0 to 1."),
    "low_confidence": (0.8, "The consensus is less sure than this, 0 to 1."),
    "failed_check": (1, "At least so many warnings or errors of the automated checks."),
    "new_annotator": (10, "An answer is among its author's first ones, so many."),
    "conflict": (0, "The consensus differs by more than this from an existing dataset, 0 to 1."),
    "label_error": (0.5, "Label error detection supports the label less than this, 0 to 1."),
}
"""Each rule that always asks for a review, its threshold unless one is given, and what the threshold means."""


class ReviewPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`sample` is the share of items picked uniformly at random: they are the audit behind the certificate.

    `always` names rules that pick an item besides, such as `low_agreement` or `{low_agreement: 0.5}`. With `looks: 1` the audit has one
    fixed size and is looked at once, when it is complete; otherwise its bound holds however often one looks. `planted` answers that are
    known to be wrong are audited like labels, to measure how many errors auditors find. With `own`, reviewers may review what they
    answered themselves: that repairs labels, and is no audit. Days later they are asked again, blind, about drawn items of their own,
    which tells how consistent they are.
    """

    sample: str = "10%"
    always: tuple[str | dict[str, float], ...] = ("low_agreement", "failed_check", "conflict")
    looks: Literal[1] | None = None
    planted: int = 0
    own: bool = False

    def check(self) -> None:
        """Refuse what cannot work.

        Raises:
            InvalidPipeline: a rule is unknown or not written as `rule` or `{rule: threshold}`, or the number of planted errors is none.
            InvalidInput: the sample is no share.
        """
        share(self.sample, "review.sample")
        if not 0 <= self.planted <= 10_000:
            raise InvalidPipeline("From 0 to 10,000 errors can be planted.", where="review.planted", hint="60 are a good number.")
        for rule in self.always:
            names = [rule] if isinstance(rule, str) else list(rule)
            if len(names) != 1 or names[0] not in REASONS:
                raise InvalidPipeline(
                    f"There is no review rule '{', '.join(names)}'.",
                    where="review.always",
                    hint=nearest(names[0] if names else "", REASONS),
                )

    @property
    def sample_share(self) -> float:
        return share(self.sample)

    @property
    def rules(self) -> dict[str, float]:
        """Each rule that is on, and its threshold."""
        found: dict[str, float] = {}
        for rule in self.always:
            if isinstance(rule, str):
                found[rule] = REASONS[rule][0]
            else:
                found.update(rule)
        return found
