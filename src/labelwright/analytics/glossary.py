"""Every figure that is shown: what it counts, over what, and what it assumes.

A figure has one name and is computed by one function, so that it is the same on each page, in the report, on the command line and in the
API. The page shows these sentences where the figure stands, and `docs/reference/figures.md` is made of them.
"""

from __future__ import annotations

from msgspec import Struct

__all__ = ["GLOSSARY", "Definition"]


class Definition(Struct, frozen=True, kw_only=True):
    """One figure. `by` is the function that computes it, and `shown` says where it stands."""

    name: str
    title: str
    counts: str
    over: str
    by: str
    interval: str = "None: it is a count."
    assumes: str = "Nothing."
    shown: str = "Overview, report"


EXACT = "At 95%, exact where each answer is right or wrong (Clopper and Pearson), else by the items' own spread."
BOTH_WAYS = "At 95%, by t over people, clustered by item and by person."
CLUSTERED = "At 95%, exact for as many independent answers as say the same, clustered by item and by person, by t over the fewer of these."
MEDIAN = "At 95%, between two of the values, as the binomial distribution places them."
NOT_GIVEN = "Not given: it steers, and proves nothing."
FUNNEL, COUNTS, LABELS = "analytics.counts.read_counts", "analytics.counts.read_counts", "analytics.labeled.read_labels"
EVERYWHERE = "Overview, report, `labelwright status`"
PEOPLE = "analytics.people.read_people"

GLOSSARY = [
    Definition(
        name="collected",
        title="Collected",
        counts="Rows that were read from the sources, each in its newest revision.",
        over="All sources, with rows that have gone from them since.",
        by=FUNNEL,
        shown=EVERYWHERE,
    ),
    Definition(
        name="quarantined",
        title="In quarantine",
        counts="Rows that could not be read, prepared or imported, each with its reason; what a labeler failed at is counted apart.",
        over="All rows.",
        by=FUNNEL,
        shown=EVERYWHERE,
    ),
    Definition(
        name="duplicates",
        title="Duplicates",
        counts="Items that are left out because another one has the same content.",
        over="All items that are not replaced.",
        by=FUNNEL,
        shown=EVERYWHERE,
    ),
    Definition(
        name="prepared",
        title="Prepared",
        counts="Items that there are: neither duplicates nor replaced by a newer revision.",
        over="All items.",
        by=LABELS,
        shown=f"{EVERYWHERE}, Items",
    ),
    Definition(
        name="gold",
        title="Gold",
        counts="Items whose answer is known, by which people are tested.",
        over="Prepared items.",
        by=LABELS,
        shown=f"{EVERYWHERE}, Projects",
    ),
    Definition(
        name="asked",
        title="To label",
        counts="Items that people are asked about: prepared and not gold.",
        over="Prepared items.",
        by=LABELS,
        shown=f"{EVERYWHERE}, Projects, requirement `labeled`",
    ),
    Definition(
        name="suggested",
        title="Suggested",
        counts="Items with a suggestion of some machine.",
        over="Prepared items.",
        by=FUNNEL,
        shown=EVERYWHERE,
    ),
    Definition(
        name="answered",
        title="Answered",
        counts="Items with an answer that counts now: submitted, accepted, or put right by a reviewer. A rejected answer does not count.",
        over="Items to label.",
        by=FUNNEL,
    ),
    Definition(
        name="reviewed",
        title="Reviewed",
        counts="Items whose newest review accepted or fixed them; a rejection takes back what an earlier review had settled.",
        over="Items to label.",
        by=FUNNEL,
        shown="Overview, report, Items",
    ),
    Definition(
        name="labeled",
        title="Labeled",
        counts="Items with a label for every question that requires one, or for any where none does: of a review, or else of the "
        "consensus. One answer makes a consensus, also where more are asked for.",
        over="Items to label.",
        by=LABELS,
        shown=f"{EVERYWHERE}, Projects, requirement `labeled`",
    ),
    Definition(
        name="frozen",
        title="Frozen",
        counts="Items in the newest version of the dataset, gold items included.",
        over="Prepared items at that time which were labeled or gold.",
        by="datasets.versions.freeze",
        shown="Overview, Versions, the dataset's card",
    ),
    Definition(
        name="remaining",
        title="Still to give",
        counts="Answers that are asked for and not given, those in people's hands included; gold and reviews are not.",
        over="Tasks of the purposes label and redo.",
        by="analytics.counts.count_remaining",
        shown=f"{EVERYWHERE}, Projects",
    ),
    Definition(
        name="answers",
        title="Answers",
        counts="What people and imported files answered, gold and what was sent back included, without what its author corrected and "
        "without what reviewers wrote, which are reviews.",
        over="All annotations.",
        by=COUNTS,
        shown="`labelwright status`; a line of Items counts those of its item",
    ),
    Definition(
        name="reviews_waiting",
        title="Reviews waiting",
        counts="Reviews that are asked for and not given, those in people's hands included.",
        over="Tasks of the purpose review.",
        by="analytics.counts.count_waiting",
        shown=f"{EVERYWHERE}, Projects",
    ),
    Definition(
        name="reviews",
        title="Reviews",
        counts="Reviews that were given, also where a later one says otherwise.",
        over="All reviews.",
        by=COUNTS,
        shown=EVERYWHERE,
    ),
    Definition(
        name="question_labeled",
        title="Labeled, by question",
        counts="Items that have a label for the question; gold items with one are told besides.",
        over="Items to label that the question is asked about: all of them, unless it has a condition.",
        by=LABELS,
        shown="Overview, report, requirement `labeled(question)`",
    ),
    Definition(
        name="label_count",
        title="Labels",
        counts="How often a label occurs: items for a choice, marked places for the others.",
        over="The labels that a dataset has now: review before gold before consensus, gold items included.",
        by=LABELS,
        shown="Overview, report, requirements `count` and `share`, Items by label",
    ),
    Definition(
        name="question_reviewed",
        title="Reviewed, by question",
        counts="Labels of the question that a review gave.",
        over="Items to label that have a label for the question.",
        by=LABELS,
        shown="requirement `reviewed`",
    ),
    Definition(
        name="agreement",
        title="Agreement",
        counts="How alike two people's answers to one item are, 0 to 1, in the mean.",
        over="Items with several answers given without a suggestion in view.",
        by="quality.agreement",
        interval="At 95%, for other items that these people judge; and for other people, by leaving out one after the other.",
        assumes="People answer without seeing each other's answers. Where labelers speak on some items alone, it is about the others more.",
        shown="Overview, Quality, report, requirement `agreement`",
    ),
    Definition(
        name="alpha",
        title="Alpha",
        counts="Krippendorff's alpha: agreement beyond chance; 1 is perfect, 0 as by chance.",
        over="Items with several answers given without a suggestion in view.",
        by="quality.agreement",
        interval="At 95%, for other items that these people judge; and for other people, by leaving out one after the other.",
        assumes="People answer without seeing each other's answers. Where labelers speak on some items alone, it is about the others more.",
        shown="Overview, Quality, report, requirement `alpha`",
    ),
    Definition(
        name="confidence",
        title="Confidence",
        counts="The mean belief of the statistical model in its labels.",
        over="Labels that are a consensus.",
        by=LABELS,
        interval=NOT_GIVEN,
        assumes="The model of the annotators; it is no certificate.",
    ),
    Definition(
        name="suspects",
        title="Doubtful",
        counts="Labels that a small model finds hardly supported.",
        over="Labels at the time of the last search.",
        by="quality.label_errors.search",
        assumes="The features tell the labels apart.",
        shown="Overview, Quality, report",
    ),
    Definition(
        name="gold_accuracy",
        title="Right on gold, a person",
        counts="The share of a person's answers to gold items that were right, each answer counted once, all questions together; for "
        "marked places how alike they are. Of an answer that its author corrected, the correction counts.",
        over="The person's answers to gold items.",
        by=PEOPLE,
        interval="Not given; the number of answers stands beside it.",
        assumes="The known answers are right.",
        shown="Overview, Quality, report",
    ),
    Definition(
        name="question_gold_accuracy",
        title="Right on gold, a question",
        counts="The share of all answers to gold items that were right.",
        over="Everybody's answers to gold items of the question.",
        by="quality.gold.examine",
        interval=CLUSTERED,
        assumes="The known answers are right.",
        shown="Quality, report, requirement `gold_accuracy`",
    ),
    Definition(
        name="person_agreement",
        title="Agreement, a person",
        counts="How alike a person's answers are with the labels that others helped to make, or with what a review made of them; a mean "
        "over the questions, each counted by its answers.",
        over="The person's answers to items that others answered or reviewed.",
        by=PEOPLE,
        interval=NOT_GIVEN,
    ),
    Definition(
        name="skill",
        title="Skill",
        counts="The statistical model's estimate of how often a person is right; a mean over the questions, each counted by its answers.",
        over="The person's answers.",
        by=PEOPLE,
        interval=NOT_GIVEN,
        assumes="The model of the annotators.",
    ),
    Definition(
        name="person_answers",
        title="Answers, a person",
        counts="A person's share of the answers: all people's and files' together are the answers.",
        over="All answers.",
        by="analytics.reading.overview",
    ),
    Definition(
        name="rejected",
        title="Sent back",
        counts="A person's answers that a review rejected and that nobody has replaced.",
        over="A person's answers.",
        by="analytics.reading.overview",
    ),
    Definition(
        name="seconds_per_answer",
        title="Active time an answer",
        counts="The median of the active seconds of an answer.",
        over="The newest 5,000 answers of people that were timed.",
        by="analytics.figures.median",
        interval=MEDIAN,
    ),
    Definition(
        name="seconds_per_review",
        title="Active time a review",
        counts="The median of the active seconds of a review.",
        over="The newest 5,000 reviews that were timed.",
        by="analytics.figures.median",
        interval=MEDIAN,
    ),
    Definition(
        name="hours",
        title="Work so far",
        counts="The active time of all answers, of one ten medians at most, to the next second, and of all reviews at their median.",
        over="All answers and reviews of people.",
        by="analytics.reading.overview",
        interval="None: it is a sum.",
    ),
    Definition(
        name="hours_per_label",
        title="Time a labeled item",
        counts="The work so far, over the labeled items.",
        over="Labeled items.",
        by="analytics.reading.overview",
        interval="None: it is a ratio of a sum and a count.",
    ),
    Definition(
        name="per_hour",
        title="Answers an hour",
        counts="Answers an hour, pauses included.",
        over="The last 24 hours.",
        by="analytics.forecast.read_forecast",
        interval="At 95%, by how much the pace varied between eighths of that time.",
        assumes="The pace varies as it did.",
    ),
    Definition(
        name="finish",
        title="Finish",
        counts="When the last answer that is still to give will be given.",
        over="Answers still to give.",
        by="analytics.forecast.read_forecast",
        interval="From that of the pace.",
        assumes="People go on as in the last 24 hours.",
    ),
    Definition(
        name="wrong_at_most",
        title="Wrong at most",
        counts="A bound on the share of labels that were wrong before the audit's own repairs, from labels drawn and audited blind.",
        over="The labels that people's answers made, of the items there are now; errors of items that left stay in the count.",
        by="store.audit.audit",
        interval="It is itself a bound, at the confidence that is stated, and holds however often one looks unless one look was declared.",
        assumes="Auditors who find every error, unless it was measured on planted ones; docs/explain/certificates.md has the whole list.",
        shown="Overview, report, Versions, the dataset's card, requirement `label_error`",
    ),
    Definition(
        name="wrong_after_repairs",
        title="Wrong after the audit's repairs",
        counts="The same bound, less the errors that the audit found, which were put right or taken out.",
        over="The labels that are left of these.",
        by="store.audit.audit",
        interval="As above.",
        assumes="As above, and that what auditors settled on is right.",
        shown="Overview, report, Versions, the dataset's card",
    ),
    Definition(
        name="hours_saved",
        title="Time saved",
        counts="How much less time an answer took with suggestions in view than with them hidden by lot, times the answers that had them.",
        over="The newest 5,000 first answers, and 5,000 about gold, to items with a suggestion.",
        by="analytics.assistance.read_assistance",
        interval=BOTH_WAYS,
        assumes="What docs/explain/suggestions.md lists.",
    ),
    Definition(
        name="influence",
        title="Influence",
        counts="How much oftener people give the suggested answer where it is shown than where it is hidden. It needs no truth.",
        over="The same answers.",
        by="analytics.assistance.read_assistance",
        interval=BOTH_WAYS,
        assumes="What docs/explain/suggestions.md lists.",
    ),
    Definition(
        name="quality_of_help",
        title="Quality with suggestions",
        counts="How much oftener answers are right with suggestions in view than without.",
        over="The same answers, where gold or an auditor's blind answer tells what is right; not known otherwise.",
        by="analytics.assistance.read_assistance",
        interval=BOTH_WAYS,
        assumes="What docs/explain/suggestions.md lists.",
    ),
    Definition(
        name="labeler_agreement",
        title="Agreement, a labeler",
        counts="How alike a machine's suggestions are with the labels as they stand.",
        over="About 1,000 labeled items, evenly spread.",
        by="analytics.labelers.read_labelers",
        interval=EXACT,
    ),
    Definition(
        name="findings",
        title="Findings",
        counts="What automated checks said about answers and items, and about how many items.",
        over="All findings that stand.",
        by="analytics.reading.overview",
    ),
]
"""All figures, in the order of the story."""
