"""The language of one-line checks: read by Python's parser, limited to what is listed, and worked out by functions of our own.

It knows nothing of questions and items. Whoever compiles an expression hands it the `Names` that it may use, each kind of answer says what
can be said of its answers as `Terms`, and what an expression then looks at is a `Subject`.
"""

from labelwright.expressions.meaning import CannotTell, Expression, OutOfTime, Steps, compile_expression
from labelwright.expressions.terms import Names, Subject, Terms

__all__ = ["CannotTell", "Expression", "Names", "OutOfTime", "Steps", "Subject", "Terms", "compile_expression"]
