"""The keys of the workbench that labels cannot have, because they mean something else there.

The keys of its viewers stand in `schema/modalities`. The page's own tables, `ui/src/keys/actions.ts` and `ui/src/viewers`, say what each
does; a test compares them with these.
"""

from __future__ import annotations

from collections.abc import Mapping

from labelwright.errors import InvalidPipeline
from labelwright.schema.kinds import Option, Question
from labelwright.schema.modalities import MODALITIES

__all__ = ["ACTIONS", "check_keys"]

ACTIONS = {
    "0": "say that there is nothing to mark",
    "/": "find a label",
    "?": "show the keys",
    "g": "show the guidelines",
    "q": "next question",
}
"""Keys of the workbench, whatever is labeled. 0 has its meaning only where places can be marked."""


def check_keys(questions: Mapping[str, Question], data: Mapping[str, str]) -> None:
    """Refuse labels whose key is no single character, belongs to the workbench, or is that of another label of the question.

    Raises:
        InvalidPipeline: as said; `where` names the key.
    """
    marked = {question.of for question in questions.values() if question.shape is not None}
    for name, question in questions.items():
        taken = {**ACTIONS, **MODALITIES[data[question.of]].keys}
        if question.of not in marked:
            del taken["0"]
        labels: dict[str, str] = {}
        for index, option in enumerate(getattr(question, "options", ())):
            if isinstance(option, str) or option.key is None:
                continue
            where, key = f"schema.questions.{name}.options[{index}].key", option.key.casefold()
            if len(key) != 1 or not key.isprintable() or key == " ":
                raise InvalidPipeline(f"The key '{option.key}' of the label '{option.label}' is not one character.", where=where)
            hint = f"Give the label another one, such as {_free(option, {**taken, **labels}, question)}, or none."
            if key in taken:
                message = f"The key '{option.key}' of the label '{option.label}' means something else at the workbench: {taken[key]}."
                raise InvalidPipeline(message, where=where, hint=hint)
            if key in labels:
                raise InvalidPipeline(
                    f"Two labels have the key '{option.key}': '{labels[key]}' and '{option.label}'.", where=where, hint=hint
                )
            labels[key] = option.label


def _free(option: Option, taken: Mapping[str, str], question: Question) -> str:
    """A letter that nobody else has, if it can be one of the label's own."""
    others = {one.key.casefold() for one in getattr(question, "options", ()) if not isinstance(one, str) and one.key}
    letters = [letter for letter in option.label.casefold() + "abcdefghijklmnopqrstuvwxyz" if "a" <= letter <= "z"]
    return next((letter for letter in letters if letter not in taken and letter not in others), "1")
