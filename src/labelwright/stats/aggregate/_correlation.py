"""Annotators who vote together more than the truth explains: copies, and labeling functions made from one another.

S. H. Bach, B. He, A. Ratner and C. Re, "Learning the Structure of Generative Models without Labeled Data", ICML (2017), for the setting.
"""

from __future__ import annotations

import numpy as np

from labelwright.stats.answers import Answers, Floats

__all__ = ["independent_weights"]

SURE = 3.0
"""By so many standard errors two have to vote together more often than by chance before it counts."""


def independent_weights(answers: Answers, posteriors: Floats) -> Floats:
    """Return for each annotator the share of the votes, above 0 and at most 1, that is worth a vote of its own: 1 / (1 + dependence).

    Two that vote for a class together as often as their rates in each true class foretell are independent given the truth; exact copies
    have the dependence 1, so that two copies weigh what one would.
    """
    from scipy.sparse import csr_array

    n_tasks, n_annotators, n_classes = answers.shape
    size = posteriors.sum(axis=0)
    together, foretold = np.zeros((n_annotators, n_annotators)), np.zeros((n_annotators, n_annotators))
    for label in range(n_classes):
        mine = answers.label == label
        cells = (np.ones(int(mine.sum())), (answers.task[mine], answers.annotator[mine]))
        votes = csr_array(cells, shape=(n_tasks, n_annotators))
        together += (votes.T @ votes).toarray()
        rates = (votes.T @ posteriors) / np.maximum(size, 1e-9)
        foretold += (rates * size) @ rates.T
    most = np.minimum.outer(np.diag(together), np.diag(together))
    # Votes together beyond chance, and beyond what chance alone makes of it, out of as many as there could be.
    beyond = together - foretold - SURE * np.sqrt(np.maximum(foretold, 1.0))
    # The posteriors that chance is reckoned from come from these very votes, so that only what is nearer to a copy than not is believed.
    dependence = np.clip(2 * beyond / np.maximum(most - foretold, 1.0) - 1, 0.0, 1.0)
    np.fill_diagonal(dependence, 0.0)
    weights: Floats = 1 / (1 + dependence.sum(axis=1))
    return weights
