"""From the text of an expression to a syntax tree, within limits, every error with its column.

The language is a part of Python's expressions and the word `implies`, which binds weaker than `or` and reads to the right as in logic.
Python has one operator that weak: `a implies b` is handed to its parser as `a if 0 else b`. Nobody can write that form, for `if` and
`else` are refused, so that each conditional in the tree is an implication.
"""

from __future__ import annotations

import ast
import io
import tokenize
from bisect import bisect_right

from labelwright.errors import InvalidPipeline

__all__ = ["MOST_CHARACTERS", "MOST_DEPTH", "SourceText"]

MOST_CHARACTERS = 4000
MOST_DEPTH = 40
"""So deep may an expression be nested; a chain of `and` is one level."""

_FORBIDDEN = {
    "if": "Write 'a implies b'.",
    "else": "Write 'a implies b'.",
    "lambda": "Write any(list, condition).",
    "for": "Write any(list, condition), all(list, condition) or count(list, condition).",
    "is": "Compare with == and !=.",
    "await": None,
    "yield": None,
    "async": None,
}


class SourceText:
    """The text of one expression, and the way from a node of its tree back to the column."""

    def __init__(self, text: str) -> None:
        self.text = " ".join(text.splitlines())
        self._shifts: list[int] = []
        if not self.text.strip():
            raise InvalidPipeline("The expression is empty.")
        if len(self.text) > MOST_CHARACTERS:
            raise InvalidPipeline(
                f"An expression may have {MOST_CHARACTERS:,} characters.", hint="Write a Python file with @check instead."
            )

    def parse(self) -> ast.expr:
        """Return the tree.

        Raises:
            InvalidPipeline: the text is no expression, or is nested too deeply.
        """
        written = self._rewrite()
        try:
            # The brackets let the text be indented; they shift columns by one, which `column` takes back.
            tree = ast.parse(f"({written}\n)", mode="eval").body
        except SyntaxError as error:
            # What is found missing at the end is reported on the line of the closing bracket.
            at_end = (error.lineno or 1) > 1
            column = len(self.text) if at_end else self._back(max(0, (error.offset or 2) - 2))
            raise self.error(column, f"This is no expression: {error.msg}.") from error
        except (RecursionError, MemoryError, ValueError) as error:
            raise InvalidPipeline("The expression is nested too deeply.") from error
        self._check_depth(tree)
        return tree

    def column(self, node: ast.AST) -> int:
        """Return the place of a node, counted from 0."""
        line = f"({self._written}".encode()
        characters = len(line[: getattr(node, "col_offset", 0)].decode("utf-8", "ignore"))
        return self._back(max(0, characters - 1))

    def error(self, place: ast.AST | int, message: str, hint: str | None = None) -> InvalidPipeline:
        """Return the error about one place, which shows the text from there on."""
        column = place if isinstance(place, int) else self.column(place)
        rest = self.text[column:].strip()
        near = f", at '{rest[:30]}{'…' if len(rest) > 30 else ''}'" if rest else ", at its end"
        return InvalidPipeline(message, where=f"column {min(column, len(self.text)) + 1}{near}", hint=hint)

    def _rewrite(self) -> str:
        """Replace each `implies` and refuse the words that Python knows and this language does not."""
        pieces: list[str] = []
        done = 0
        for token in self._tokens():
            (_, start), (_, end) = token.start, token.end
            if token.type == tokenize.COMMENT:
                raise self.error(start, "An expression has no comments.")
            if token.string == "=":
                raise self.error(start, "A single = compares nothing.", "Write ==.")
            if token.type == tokenize.NAME and token.string in _FORBIDDEN:
                raise self.error(start, f"'{token.string}' is not part of the language.", _FORBIDDEN[token.string])
            if token.type == tokenize.NAME and token.string == "implies":
                pieces += [self.text[done:start], "if 0 else"]
                self._shifts.append(start)
                done = end
        self._written = "".join([*pieces, self.text[done:]])
        return self._written

    def _tokens(self) -> list[tokenize.TokenInfo]:
        text = self.text.strip()
        indent = len(self.text) - len(self.text.lstrip())
        try:
            # Brackets around it, so that the tokenizer sees no statement, no indent and no end of a line.
            found = list(tokenize.generate_tokens(io.StringIO(f"({' ' * indent}{text}\n)").readline))
        except (tokenize.TokenError, SyntaxError) as error:
            place = error.args[1] if len(error.args) > 1 and isinstance(error.args[1], tuple) else (1, 1)
            column = int(place[1] if len(place) == 2 else place[2] or 1)
            reason = str(error.args[0]).partition(" (")[0]
            raise self.error(max(0, min(column - 1, len(self.text))), f"This is no expression: {reason}.") from error
        return [
            token._replace(start=(1, token.start[1] - 1), end=(1, token.end[1] - 1))
            for token in found
            if token.start[0] == 1 and token.start[1] > 0 and token.string.strip()
        ]

    def _back(self, column: int) -> int:
        """The column in the text as it was given, for one in the text as it was parsed."""
        longer = len("if 0 else") - len("implies")
        starts = [start + longer * index for index, start in enumerate(self._shifts)]
        before = bisect_right(starts, column)
        if not before:
            return column
        return max(self._shifts[before - 1], column - longer * before)

    def _check_depth(self, tree: ast.expr) -> None:
        level: list[ast.AST] = [tree]
        for _ in range(MOST_DEPTH):
            level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
            if not level:
                return
        raise self.error(level[0], f"The expression is nested more than {MOST_DEPTH} levels deep.", "Split it into several checks.")
