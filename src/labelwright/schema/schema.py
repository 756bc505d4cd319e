"""What a project asks: the fields of an item, the questions about them, the guidelines for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from typing import Any

import msgspec
from msgspec import Struct, UnsetType

from labelwright.errors import InvalidInput, InvalidPipeline, nearest
from labelwright.expressions import CannotTell, Expression, Names, Steps, Subject, compile_expression
from labelwright.schema.item import Item
from labelwright.schema.keys import check_keys
from labelwright.schema.kinds import Answer, AnswerUnion, Problem, Question, QuestionUnion
from labelwright.schema.modalities import MODALITIES, Field, Modality, Stored

__all__ = ["Schema", "Values"]

Values = dict[str, Answer]
"""One answer a question, by the question's name."""

MOST_STEPS = 100_000
"""So many steps may all conditions take on one item: a tenth of a second. They hold up whoever writes, and are worked out over and over."""


class Schema(Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The fields that an item shows and the questions asked about them.

    `data` maps each field to its modality, `questions` each question's name to the question. `guidelines` is the path of a Markdown
    file, relative to the pipeline file.
    """

    data: dict[str, Modality]
    questions: dict[str, QuestionUnion]
    guidelines: str | None = None

    def check(self) -> None:
        """Refuse a schema that contradicts itself.

        Raises:
            InvalidPipeline: a question is about an unknown field or a modality that its kind cannot label, has no labels, has a label
                twice, two labels of a question share a key, a key belongs to the workbench (see `check_keys`), a color is none, or the
                condition of a question is wrong or names one that is not asked before it.
        """
        for name, question in self.questions.items():
            where = f"schema.questions.{name}"
            if not name.isidentifier():
                raise InvalidPipeline(f"The question name '{name}' is no identifier.", where=where, hint="Use letters, digits and _.")
            if question.of not in self.data:
                hint = nearest(question.of, self.data)
                raise InvalidPipeline(f"The field '{question.of}' is not among schema.data.", where=f"{where}.of", hint=hint)
            modality = self.data[question.of]
            if modality not in question.modalities:
                fitting = " or ".join(sorted(question.modalities))
                message = f"A {question.kind} question is about {fitting}, and '{question.of}' is {modality}."
                raise InvalidPipeline(message, where=f"{where}.kind")
            question.check(where)
        check_keys(self.questions, self.data)
        _ = self.conditions

    def names(self) -> Names:
        """Return the names that an expression about an item and its answers may use."""
        answers = {name: question.terms(self.modality(question.of)) for name, question in self.questions.items()}
        return Names(answers, {field: _terms(self.modality(field)) for field in self.data})

    @cached_property
    def conditions(self) -> dict[str, Expression]:
        """The compiled condition of each question that has one.

        Raises:
            InvalidPipeline: a condition is no expression, names what is unknown, or names a question that is not asked before.
        """
        found: dict[str, Expression] = {}
        names, order = self.names(), list(self.questions)
        for index, (name, question) in enumerate(self.questions.items()):
            if isinstance(question.when, UnsetType):
                continue
            where = f"schema.questions.{name}.when"
            try:
                condition = compile_expression(question.when, names)
            except InvalidInput as error:
                raise InvalidPipeline(error.message, where=", ".join(filter(None, (where, error.where))), hint=error.hint) from error
            later = next((one for one in condition.questions if one not in order[:index]), None)
            if later == name:
                hint = "Name questions that are asked before it, and fields of the item."
                raise InvalidPipeline(f"Whether '{name}' is asked cannot depend on its own answer.", where=where, hint=hint)
            if later is not None:
                message = f"Whether '{name}' is asked cannot depend on '{later}', which is asked after it."
                raise InvalidPipeline(message, where=where, hint=f"Put '{later}' before '{name}' in the file.")
            found[name] = condition
        return found

    @property
    def conditions_of_item(self) -> bool:
        """Whether it takes an item, and not only the answers, to tell which questions are asked."""
        return any(condition.of_item for condition in self.conditions.values())

    @cached_property
    def columns_of_conditions(self) -> frozenset[str]:
        """The columns of `meta` by which it is told which questions are asked: all of them that whoever answers may see."""
        return frozenset(column for condition in self.conditions.values() for column in condition.columns)

    def asked(self, values: Mapping[str, Answer], item: Item) -> list[str]:
        """Return the names of the questions that are asked about an item, in their order, where these are the answers so far.

        An answer to a question that is not asked decides nothing. A condition that cannot be told, because it compares a text with a
        number or because the conditions take too many steps, asks: nobody misses a question that is not seen.
        """
        if not self.conditions:
            return list(self.questions)
        found: list[str] = []
        known: dict[str, Answer] = {}
        subject = Subject(known, item.data, item.meta, item.key)
        steps = Steps(MOST_STEPS)
        for name, question in self.questions.items():
            condition = self.conditions.get(name)
            if condition is not None and not _holds(condition, subject, steps):
                continue
            found.append(name)
            answer = values.get(name)
            if answer is not None and question.is_answered_by(answer):
                known[name] = answer
        return found

    def modality(self, field: str) -> type[Field]:
        """Return what a field is."""
        return MODALITIES[self.data[field]]

    def stored(self) -> dict[str, type[Stored]]:
        """Return the fields whose bytes are kept beside the database; the others stand in their columns as texts."""
        found = {name: self.modality(name) for name in self.data}
        return {name: modality for name, modality in found.items() if issubclass(modality, Stored)}

    def read_values(self, raw: Any) -> Values:
        """Decode answers given as tagged JSON values, one a question.

        Raises:
            InvalidInput: a question is unknown, or an answer has the wrong form or kind.
        """
        try:
            values: Values = msgspec.convert(raw, dict[str, AnswerUnion])
        except msgspec.ValidationError as error:
            raise InvalidInput(str(error), where="values") from error
        self.check_kinds(values)
        return values

    def read_plain(self, raw: Mapping[str, Any]) -> Values:
        """Decode answers in their plain form, as exports and gold files carry them; questions without an answer may be missing.

        Raises:
            InvalidInput: a question is unknown, or an answer has the wrong form.
        """
        return {name: self._plain(name, value) for name, value in raw.items() if value is not None}

    def read_given(self, given: Mapping[str, Any]) -> Values:
        """Return answers of which some, or all, come in their plain form.

        Raises:
            InvalidInput: a question is unknown, or an answer has the wrong form or kind.
        """
        values = {name: value if isinstance(value, Answer) else self._plain(name, value) for name, value in given.items()}
        self.check_kinds(values)
        return values

    def _plain(self, name: str, value: Any) -> Answer:
        try:
            return self._question(name).from_plain(value)
        except InvalidInput as error:
            raise InvalidInput(error.message, where=error.where or name, hint=error.hint) from error

    def similarity(self, name: str, first: Answer, second: Answer) -> float:
        """Return how far two answers to a question agree, 0 to 1; of a question, or kind, that is not asked any more, whether they do."""
        question: Question | None = self.questions.get(name)
        if question is None or not (question.is_answered_by(first) and question.is_answered_by(second)):
            return float(first == second)
        return question.similarity(first, second)

    def alike(self, name: str, first: Answer, second: Answer) -> bool:
        """Tell whether two answers to a question count as the same; of a question, or kind, that is not asked any more, where they are."""
        question: Question | None = self.questions.get(name)
        if question is None or not (question.is_answered_by(first) and question.is_answered_by(second)):
            return first == second
        return question.alike(first, second)

    def filled(self) -> Schema:
        """Return the schema as a page takes it: `same` is said of each question whose answers can be alike in part."""
        questions = {
            name: msgspec.structs.replace(question, same=question.least) if question.graded else question
            for name, question in self.questions.items()
        }
        return msgspec.structs.replace(self, questions=questions)

    def check_kinds(self, values: Mapping[str, Answer]) -> None:
        """Refuse answers to unknown questions, and answers of another kind than their question asks.

        Raises:
            InvalidInput: as said.
        """
        for name, answer in values.items():
            expected, given = self._question(name).kind, answer.kind
            if expected != given:
                raise InvalidInput(f"The question asks for {expected} and the answer is {given}.", where=f"values.{name}")

    def problems(self, values: Mapping[str, Answer], item: Item) -> dict[str, list[Problem]]:
        """Return what makes each answer invalid for an item, and which required ones are missing; an empty dict when all is well."""
        asked = self.asked(values, item)
        found = {name: self._problems(name, answer, item.data) for name, answer in values.items()}
        for name in values:
            if name in self.questions and name not in asked:
                found[name] = [self.not_asked(name)]
        for name in asked:
            question = self.questions[name]
            if question.required and name not in values:
                found[name] = [Problem("missing_answer", f"The question '{question.title or name}' has no answer.")]
        return {name: problems for name, problems in found.items() if problems}

    def not_asked(self, name: str) -> Problem:
        """Return what is wrong with an answer to a question whose condition does not hold."""
        question = self._question(name)
        return Problem("not_asked", f"The question '{question.title or name}' is asked only when {question.when}. Leave its answer out.")

    def _problems(self, name: str, answer: Answer, data: Mapping[str, Field]) -> list[Problem]:
        question = self._question(name)
        if not question.is_answered_by(answer):
            return [Problem("other_kind", f"The question asks for {question.kind} and the answer is {answer.kind}.")]
        return question.problems(answer, data)

    def _question(self, name: str) -> Question:
        if name not in self.questions:
            raise InvalidInput(f"There is no question '{name}'.", where=f"values.{name}", hint=nearest(name, self.questions))
        question: Question = self.questions[name]
        return question


def _terms(modality: type[Field]) -> dict[str, Callable[[Any], Any]]:
    """Return what an expression can say of a field: nothing where an item has none, or one from before its modality changed."""
    return {name: partial(_said, get, modality) for name, get in modality.terms().items()}


def _said(get: Callable[[Any], Any], modality: type[Field], field: Field | None) -> Any:
    return get(field) if isinstance(field, modality) else None


def _holds(condition: Expression, subject: Subject, steps: Steps) -> bool:
    try:
        return condition.holds(subject, steps=steps)
    except CannotTell:
        return True
