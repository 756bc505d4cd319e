"""The language of the one-line checks: read by Python's parser, limited to what is listed, and worked out by functions of our own."""

from labelwright.checks.expressions.meaning import CannotTell, Expression, OutOfTime, compile_expression

__all__ = ["CannotTell", "Expression", "OutOfTime", "compile_expression"]
