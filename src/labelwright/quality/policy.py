"""How the labels are assured: the `quality` block of the pipeline file."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from labelwright.errors import InvalidPipeline, nearest

__all__ = ["CrossValidate", "QualityPolicy"]


class CrossValidate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An existing labeled dataset to compare with: its file, the column that holds the key, and its format where the ending does not tell.

    Without a key, items are matched by their content.
    """

    against: str
    key: str | None = None
    format: str | None = None


class QualityPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What consensus is made of and what is measured.

    `gold` is a file of items whose answer is known. `consensus` names the method that brings several answers to a choice together, for
    all questions or one each; `auto` chooses by what the answers show. `label_errors` searches the finished labels for doubtful ones.
    `cross_validate` compares with an existing dataset.
    """

    gold: str | None = None
    consensus: str | dict[str, str] = "auto"
    label_errors: bool = True
    cross_validate: CrossValidate | None = None

    def check(self, questions: Mapping[str, object] | None = None) -> None:
        """Refuse methods that there are not and questions that are not asked.

        Raises:
            InvalidPipeline: as said.
        """
        from labelwright import plugins

        methods = plugins.names("aggregate")
        chosen = self.consensus if isinstance(self.consensus, dict) else {"": self.consensus}
        for question, method in chosen.items():
            where = f"quality.consensus{'.' if question else ''}{question}"
            if method not in methods:
                raise InvalidPipeline(f"There is no consensus method '{method}'.", where=where, hint=nearest(method, methods))
            if question and questions is not None and question not in questions:
                raise InvalidPipeline(f"There is no question '{question}'.", where=where, hint=nearest(question, questions))

    def method(self, question: str) -> str:
        """Return the method for a question's choices.

        >>> QualityPolicy(consensus={"intent": "majority"}).method("tone")
        'auto'
        """
        return self.consensus if isinstance(self.consensus, str) else self.consensus.get(question, "auto")
