"""What an expression means: each node of its tree becomes a small function, once, and nothing is ever handed to `eval`.

Names, labels, attributes and the number of arguments are looked up while compiling, so that a typing error is found when the pipeline is
loaded and not when somebody submits an answer.

Each function that a node becomes counts its steps, and those of what it hands back: a text costs by its length, a list by its places. So
no answer and no item, whatever stands in it, takes longer than an expression may.
"""

from __future__ import annotations

import ast
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from labelwright.errors import InvalidInput, nearest
from labelwright.expressions import functions
from labelwright.expressions.functions import CannotTell, OutOfTime
from labelwright.expressions.syntax import SourceText
from labelwright.expressions.terms import Names, Subject, Terms
from labelwright.patterns import Pattern

__all__ = ["CannotTell", "Expression", "OutOfTime", "Steps", "compile_expression"]


MOST_STEPS = 1_000_000
"""So many steps may one expression take on one subject: about a second. `any` within `any` takes as many on some 400 places."""

MOST_BITS = 1024
"""Whole numbers beyond this size are not calculated with; floats end there too."""

LOOK = 1000
"""After so many steps the clock is looked at."""

TEXTS = frozenset(("label", "text"))
"""What is said of a field or of a part in words."""

MOST_NESTED = 20
"""So deep may the lists in a column be."""


class Steps:
    """Counts steps, and ends what takes too many, or too long. Several expressions may share them.

    `most` is how many there may be, and `ends` the reading of the monotonic clock at which it stops.
    """

    def __init__(self, most: int = MOST_STEPS, ends: float = math.inf) -> None:
        self._most = self._left = most
        self._ends = ends
        self._look = max(most - LOOK, 0)

    def spend(self, steps: int) -> None:
        """Count further steps.

        Raises:
            CannotTell: there were too many, or the time is over.
        """
        self._left -= steps
        if self._left < self._look:
            self._look = max(self._left - LOOK, 0)
            if self._left < 0:
                raise CannotTell(f"it would take more than {self._most:,} steps")
            if time.monotonic() > self._ends:
                raise OutOfTime("it would take too long")


class Scope(NamedTuple):
    """The subject, its steps, and the part that each enclosing `any`, `all` … looks at, the outermost first."""

    subject: Subject
    steps: Steps
    parts: tuple[Any, ...] = ()


Get = Callable[[Scope], Any]


class Term(NamedTuple):
    """A compiled node. `labels` are those that its value may be, where it is a label; `listed` tells what can be said of a list's parts.

    `sort` is what its value always is where it is not missing, a text or a number, as a sentence calls it; None where that is not known.
    """

    get: Get
    labels: tuple[str, ...] | None = None
    listed: Terms | None = None
    constant: bool = False
    sort: str | None = None


class Loop(NamedTuple):
    """One enclosing `any`, `all` …: what can be said of the parts that it looks at, and what they are called."""

    terms: Terms
    alias: str | None

    @property
    def parts(self) -> Mapping[str, Callable[[Any], Any]]:
        """What can be said of each part, by name."""
        return self.terms.parts or {}


@dataclass(frozen=True)
class Expression:
    """A compiled expression, and the questions and the columns of `meta` that it names, each once.

    `of_item` tells whether it looks at more than single answers.
    """

    text: str
    questions: tuple[str, ...]
    columns: tuple[str, ...]
    of_item: bool
    _get: Get

    def value(self, subject: Subject, *, steps: Steps | None = None) -> Any:
        """Return what the expression comes to: a text, number, truth value, tuple or list, or None where something is missing.

        Args:
            subject: what it looks at.
            steps: those that it may take; without them, as many as one expression may, however long they take.

        Raises:
            CannotTell: values do not go together, such as a text and a number that are compared; or it takes too many steps.
        """
        return self._get(Scope(subject, steps or Steps()))

    def holds(self, subject: Subject, *, steps: Steps | None = None) -> bool:
        """Tell whether the expression is true of a subject.

        Raises:
            CannotTell: as for `value`.
        """
        return bool(self.value(subject, steps=steps))


def compile_expression(text: str, names: Names) -> Expression:
    """Compile an expression over the questions and fields that there are.

    Raises:
        InvalidPipeline: the text is no expression of this language, or names what is unknown; `where` has the column.
    """
    source = SourceText(text)
    compiler = _Compiler(source, names)
    term = compiler.term(source.parse(), ())
    return Expression(source.text, tuple(dict.fromkeys(compiler.named)), tuple(dict.fromkeys(compiler.columns)), compiler.of_item, term.get)


_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: lambda a, b: bool(a == b),
    ast.NotEq: lambda a, b: bool(a != b),
    ast.Lt: lambda a, b: bool(a < b),
    ast.LtE: lambda a, b: bool(a <= b),
    ast.Gt: lambda a, b: bool(a > b),
    ast.GtE: lambda a, b: bool(a >= b),
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}

_CALCULATE: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Mod: lambda a, b: a % b,
}

TEXT, NUMBER = "a text", "a number"

_SORTS = {
    **dict.fromkeys(("lower", "upper", "strip"), TEXT),
    **dict.fromkeys(("count", "sum", "len", "words", "number", "abs", "round"), NUMBER),
}
"""What functions come to, where they always come to the same."""

_CONSTANTS = {"true": True, "false": False, "none": None, "null": None}

_ROOTS = ("answers", "data", "meta", "item")


class _Compiler:
    def __init__(self, source: SourceText, names: Names) -> None:
        self.source = source
        self.answers, self.fields = names
        self.named: list[str] = []
        self.columns: list[str] = []
        self.of_item = False

    def term(self, node: ast.expr, loops: tuple[Loop, ...]) -> Term:
        compile = getattr(self, f"_{type(node).__name__.lower()}", None)
        if compile is None:
            raise self.source.error(node, f"{_WORDS.get(type(node).__name__, 'This')} is not part of the language.")
        term: Term = compile(node, loops)
        return term if term.constant else term._replace(get=_counted(term.get))

    # --- logic -------------------------------------------------------------------------------------------------------

    def _ifexp(self, node: ast.IfExp, loops: tuple[Loop, ...]) -> Term:
        condition, consequence = self.term(node.body, loops).get, self.term(node.orelse, loops).get
        return Term(lambda scope: not condition(scope) or bool(consequence(scope)))

    def _boolop(self, node: ast.BoolOp, loops: tuple[Loop, ...]) -> Term:
        parts = [self.term(value, loops).get for value in node.values]
        if isinstance(node.op, ast.And):
            return Term(lambda scope: all(part(scope) for part in parts))
        return Term(lambda scope: any(part(scope) for part in parts))

    def _unaryop(self, node: ast.UnaryOp, loops: tuple[Loop, ...]) -> Term:
        inner = self.term(node.operand, loops).get
        if isinstance(node.op, ast.Not):
            return Term(lambda scope: not inner(scope))
        if not isinstance(node.op, ast.USub):
            raise self.source.error(node, "This sign is not part of the language.")
        return Term(lambda scope: _calculate(ast.Sub, 0, inner(scope)), sort=NUMBER)

    def _compare(self, node: ast.Compare, loops: tuple[Loop, ...]) -> Term:
        nodes = [node.left, *node.comparators]
        terms = [self.term(one, loops) for one in nodes]
        for index in range(len(node.ops)):
            self._check_labels(terms[index], nodes[index + 1], node.ops[index])
            self._check_labels(terms[index + 1], nodes[index], node.ops[index])
            if type(node.ops[index]) not in _COMPARE:
                raise self.source.error(node, "This comparison is not part of the language.", "Compare with == and !=.")
            self._check_sorts(terms[index].sort, terms[index + 1].sort, nodes[index + 1])
            if isinstance(node.ops[index], ast.In | ast.NotIn) and isinstance(listed := nodes[index + 1], ast.Tuple | ast.List):
                for one in listed.elts:
                    self._check_sorts(terms[index].sort, _sort(one.value) if isinstance(one, ast.Constant) else None, one)
        operators = [type(operator) for operator in node.ops]
        getters = [term.get for term in terms]
        if len(operators) == 1:
            (left, right), operator = getters, operators[0]
            return Term(lambda scope: _compare(operator, left(scope), right(scope)))

        def chain(scope: Scope) -> bool:
            found = [get(scope) for get in getters]
            return all(_compare(one, found[index], found[index + 1]) for index, one in enumerate(operators))

        return Term(chain)

    def _binop(self, node: ast.BinOp, loops: tuple[Loop, ...]) -> Term:
        kind = type(node.op)
        if kind not in _CALCULATE:
            raise self.source.error(node, "This operator is not part of the language.", "Calculate with + - * / and %.")
        first, second = self.term(node.left, loops), self.term(node.right, loops)
        left, right = first.get, second.get
        # Two texts are joined by a plus, and whatever else can be calculated is a number.
        sort = NUMBER if kind is not ast.Add else first.sort or second.sort
        return Term(lambda scope: _calculate(kind, left(scope), right(scope)), sort=sort)

    # --- values ------------------------------------------------------------------------------------------------------

    def _constant(self, node: ast.Constant, loops: tuple[Loop, ...]) -> Term:
        value = node.value
        if not isinstance(value, str | int | float | bool | None):
            raise self.source.error(node, "Values are texts, numbers, true, false and none.")
        return Term(lambda scope: value, constant=True, sort=_sort(value))

    def _tuple(self, node: ast.Tuple | ast.List, loops: tuple[Loop, ...]) -> Term:
        parts = [self.term(one, loops).get for one in node.elts]
        return Term(lambda scope: tuple(part(scope) for part in parts))

    _list = _tuple

    def _name(self, node: ast.Name, loops: tuple[Loop, ...]) -> Term:
        name = node.id
        for depth in reversed(range(len(loops))):
            loop = loops[depth]
            if loop.alias == name:
                raise self.source.error(node, f"'{name}' is one of the places of a list; name one of its values.", f"Write {name}.label.")
            if depth == len(loops) - 1 and name in loop.parts:
                return self._part_value(name, loop, depth)
        if name in self.answers:
            return self._answer(name)
        if name in self.fields:
            return self._field(name)
        if name in _CONSTANTS:
            value = _CONSTANTS[name]
            return Term(lambda scope: value, constant=True)
        if name in _ROOTS:
            raise self.source.error(node, f"'{name}' has to be followed by what of it is meant.", f"Write {name}.name.")
        known = [*self.answers, *self.fields, *_ROOTS, *(loop.alias for loop in loops if loop.alias)]
        if loops:
            known += loops[-1].parts
        if name in functions.NAMES:
            raise self.source.error(node, f"'{name}' is a function.", f"Write {name}(…).")
        raise self.source.error(node, f"There is no question or field '{name}'.", nearest(name, known))

    def _attribute(self, node: ast.Attribute, loops: tuple[Loop, ...]) -> Term:
        name = node.attr
        if isinstance(node.value, ast.Name):
            root = node.value.id
            for depth in reversed(range(len(loops))):
                if loops[depth].alias == root:
                    known = loops[depth].parts
                    if name not in known:
                        raise self.source.error(node, f"A place of this question has no '{name}'.", nearest(name, known))
                    return self._part_value(name, loops[depth], depth)
            if root in self.fields and root not in self.answers:
                return self._field_value(node, root, name)
            if root in _ROOTS and root not in self.answers:
                return self._root(node, root, name)
        elif isinstance(node.value, ast.Attribute) and isinstance(node.value.value, ast.Name) and node.value.value.id == "data":
            return self._field_value(node, node.value.attr, name)
        raise self.source.error(node, "Only places, fields, answers, data and meta have something after a dot.")

    def _subscript(self, node: ast.Subscript, loops: tuple[Loop, ...]) -> Term:
        root, key = node.value, node.slice
        if not (isinstance(root, ast.Name) and root.id in _ROOTS and isinstance(key, ast.Constant) and isinstance(key.value, str)):
            raise self.source.error(node, "Square brackets name a column, as in meta['order id'].")
        return self._root(node, root.id, key.value)

    def _root(self, node: ast.expr, root: str, name: str) -> Term:
        if root == "meta":
            self.of_item = True
            self.columns.append(name)
            return Term(lambda scope: _column(scope.subject.meta.get(name), scope.steps))
        if root == "item":
            if name != "key":
                raise self.source.error(node, f"An item has no '{name}' here.", "Write item.key, or meta.name for a column.")
            self.of_item = True
            return Term(lambda scope: scope.subject.key, sort=TEXT)
        known = self.answers if root == "answers" else self.fields
        if name not in known:
            what = "question" if root == "answers" else "field"
            raise self.source.error(node, f"There is no {what} '{name}'.", nearest(name, known))
        return self._answer(name) if root == "answers" else self._field(name)

    def _answer(self, name: str) -> Term:
        terms = self.answers[name]
        self.named.append(name)

        def get(scope: Scope) -> Any:
            return terms.get(scope.subject.answers.get(name), scope.subject.fields)

        if terms.parts is None:
            return Term(get, labels=terms.labels, sort=NUMBER if terms.number else TEXT if terms.labels is not None else None)
        # What is said of a part may rest on the field that it lies in.
        self.of_item = True
        return Term(get, listed=terms)

    def _field(self, name: str) -> Term:
        self.of_item = True
        text: Callable[[Any], Any] = self.fields[name].get("text", _nothing)
        return Term(lambda scope: text(scope.subject.fields.get(name)), sort=TEXT)

    def _field_value(self, node: ast.expr, field: str, name: str) -> Term:
        if field not in self.fields:
            raise self.source.error(node, f"There is no field '{field}'.", nearest(field, self.fields))
        known = self.fields[field]
        if name not in known:
            raise self.source.error(node, f"The field '{field}' has no '{name}'.", nearest(name, known))
        self.of_item = True
        get = known[name]
        return Term(lambda scope: get(scope.subject.fields.get(field)), sort=TEXT if name in TEXTS else None)

    def _part_value(self, name: str, loop: Loop, depth: int) -> Term:
        get = loop.parts[name]
        labels = loop.terms.labels if name == "label" else None
        sort = NUMBER if name in loop.terms.numbers else TEXT if name in TEXTS else None
        return Term(lambda scope: get(scope.parts[depth]), labels=labels, sort=sort)

    # --- functions ---------------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, loops: tuple[Loop, ...]) -> Term:
        if not isinstance(node.func, ast.Name) or node.func.id not in functions.NAMES:
            name = node.func.id if isinstance(node.func, ast.Name) else "this"
            raise self.source.error(node, f"There is no function '{name}'.", nearest(name, functions.NAMES))
        name = node.func.id
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            raise self.source.error(node, "Arguments have no names and no stars.")
        fewest, most = functions.ARITY[name]
        if not fewest <= len(node.args) <= most:
            wanted = str(fewest) if fewest == most else f"{fewest} or {most}"
            raise self.source.error(node, f"{name}() takes {wanted} arguments, and here are {len(node.args)}.")
        if name in functions.OVER_PARTS:
            return self._over_parts(node, name, loops)
        if name == "matches":
            return self._matches(node, loops)
        if name == "labels":
            return self._labels(node, loops)
        function = functions.PLAIN[name]
        arguments = [self.term(argument, loops).get for argument in node.args]
        if len(arguments) == 1:
            (only,) = arguments
            return Term(lambda scope: _call(name, function, only(scope)), sort=_SORTS.get(name))
        return Term(lambda scope: _call(name, function, *(argument(scope) for argument in arguments)))

    def _over_parts(self, node: ast.Call, name: str, loops: tuple[Loop, ...]) -> Term:
        listed, alias = node.args[0], None
        if (
            isinstance(listed, ast.Compare)
            and len(listed.ops) == 1
            and isinstance(listed.ops[0], ast.In)
            and isinstance(listed.left, ast.Name)
        ):
            alias, listed = listed.left.id, listed.comparators[0]
            if alias in self.answers or alias in self.fields:
                raise self.source.error(node.args[0], f"'{alias}' is the name of a question or field already.")
        term, terms = self._listed(name, listed, node.args[0], loops)
        combine, get = functions.OVER_PARTS[name], term.get
        if len(node.args) == 1:
            if name in functions.NEED_VALUE:
                raise self.source.error(node, f"{name}() needs the value to take of each place.", f"Write {name}(list, length).")
            return Term(lambda scope: combine(True for _ in get(scope)), sort=_SORTS.get(name))
        value = self.term(node.args[1], (*loops, Loop(terms, alias)))
        inner = value.get

        def over(scope: Scope) -> Any:
            subject, steps, outer = scope
            return _call(name, combine, (inner(Scope(subject, steps, (*outer, part))) for part in get(scope)))

        return Term(over, sort=value.sort if name in ("min", "max") else _SORTS.get(name))

    def _listed(self, name: str, listed: ast.expr, place: ast.expr, loops: tuple[Loop, ...]) -> tuple[Term, Terms]:
        """The list that a function looks at, and what can be said of its parts."""
        term = self.term(listed, loops)
        if term.listed is None:
            lists = [one for one, terms in self.answers.items() if terms.parts is not None]
            hint = f"Lists are: {', '.join(lists)}." if lists else "This project's questions have no lists."
            raise self.source.error(place, f"{name}() looks at a list of places first.", hint)
        return term, term.listed

    def _labels(self, node: ast.Call, loops: tuple[Loop, ...]) -> Term:
        term, terms = self._listed("labels", node.args[0], node.args[0], loops)
        label, get = (terms.parts or {})["label"], term.get
        return Term(lambda scope: tuple(label(part) for part in get(scope)))

    def _matches(self, node: ast.Call, loops: tuple[Loop, ...]) -> Term:
        pattern = node.args[1]
        if not (isinstance(pattern, ast.Constant) and isinstance(pattern.value, str)):
            raise self.source.error(pattern, "The regular expression has to stand there as a text.")
        try:
            searched = Pattern(pattern.value)
        except InvalidInput as error:
            raise self.source.error(pattern, error.message, error.hint) from error
        text = self.term(node.args[0], loops).get

        def search(value: Any, steps: Steps) -> bool:
            if value is None:
                return False
            steps.spend(searched.cost(functions.text_of(value)))
            return searched.found_in(value)

        return Term(lambda scope: _call("matches", search, text(scope), scope.steps))

    def _check_sorts(self, first: str | None, second: str | None, place: ast.expr) -> None:
        """Refuse to compare a text with a number: whatever they are, it could not be told, or would never be so."""
        if first and second and first != second:
            hint = "Write a text in quotes and a number without; number() reads a text as one."
            raise self.source.error(place, f"{first.capitalize()} is compared with {second} here.", hint)

    def _check_labels(self, term: Term, other: ast.expr, operator: ast.cmpop) -> None:
        """Refuse to compare a label with a text that is none of the question's labels."""
        if term.labels is None:
            return
        if isinstance(operator, ast.In | ast.NotIn):
            texts = list(other.elts) if isinstance(other, ast.Tuple | ast.List) else []
        else:
            texts = [other]
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value not in term.labels:
                raise self.source.error(text, f"'{text.value}' is none of the labels.", nearest(text.value, term.labels))


_WORDS = {"Lambda": "A function of one's own", "ListComp": "A loop", "GeneratorExp": "A loop", "JoinedStr": "A text with values in it"}


def _sort(value: Any) -> str | None:
    if isinstance(value, str):
        return TEXT
    return NUMBER if isinstance(value, int | float) and not isinstance(value, bool) else None


def _nothing(field: Any) -> None:
    """What a field without a text means by its name alone."""


def _column(value: Any, steps: Steps, depth: int = MOST_NESTED) -> Any:
    """Return a column's value where the language knows its type; anything else counts by its text."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if not isinstance(value, list | tuple | dict):
        return str(value)
    if not depth:
        raise CannotTell("a column is nested too deeply")
    steps.spend(len(value))
    inside = tuple(_column(one, steps, depth - 1) for one in (value.values() if isinstance(value, dict) else value))
    return str(value) if isinstance(value, dict) else inside


def _counted(get: Get) -> Get:
    def counted(scope: Scope) -> Any:
        value = get(scope)
        scope.steps.spend(1 + len(value) // 16 if isinstance(value, str | tuple | list) else 1)
        return value

    return counted


def _compare(operator: type[ast.cmpop], a: Any, b: Any) -> bool:
    if a is None or b is None:
        # What is missing is equal to nothing but what is missing, and neither more nor less than anything.
        if operator is ast.Eq or operator is ast.NotEq:
            return (a is b) == (operator is ast.Eq)
        if operator in (ast.In, ast.NotIn) and b is not None:
            return _COMPARE[operator](a, b) if not isinstance(b, str) else operator is ast.NotIn
        return operator is ast.NotIn
    try:
        return _COMPARE[operator](a, b)
    except TypeError as error:
        raise CannotTell(f"{_kind(a)} and {_kind(b)} cannot be compared") from error


def _calculate(operator: type[ast.operator], a: Any, b: Any) -> Any:
    if a is None or b is None:
        return None
    joined = operator is ast.Add and isinstance(a, str) and isinstance(b, str)
    if not joined and not (isinstance(a, int | float) and isinstance(b, int | float)):
        raise CannotTell(f"{_kind(a)} and {_kind(b)} cannot be calculated with")
    if any(isinstance(one, int) and one.bit_length() > MOST_BITS for one in (a, b)):
        raise CannotTell("a number is too large")
    try:
        return _CALCULATE[operator](a, b)
    except ZeroDivisionError as error:
        raise CannotTell("a division by zero") from error
    except OverflowError as error:
        raise CannotTell("a number is too large") from error


def _call(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
    try:
        return function(*arguments)
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CannotTell(f"{name}() cannot take {' and '.join(_kind(one) for one in arguments if not isinstance(one, Steps))}") from error


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return f"the text '{value[:30]}'"
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        return "a large number"
    return f"{value}" if isinstance(value, int | float) else "a list"
