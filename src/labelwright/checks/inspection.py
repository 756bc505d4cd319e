"""What the rules say about one item's answers: quick, and without touching the store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from labelwright import plugins
from labelwright.checks.case import Case, Found, NotMade, checked
from labelwright.checks.compile import Rule, Rules
from labelwright.schema import Answer, Finding, Item, Schema, Severity
from labelwright.schema.kinds import Problem

__all__ = ["MOST_FINDINGS", "SECONDS", "Inspection", "inspect", "look"]

SECONDS = 5.0
"""So long may one rule look at one answer; then it is reported that it could not be checked."""

GRACE_SECONDS = 5.0
"""A rule that still finds things so long after its time is not asked for more."""

MOST_FINDINGS = 100
"""So many findings of one rule about one answer are told; what is beyond is counted."""


class Inspection(NamedTuple):
    """What the rules find, errors first, and whether a check could not be made this time (`not_made`)."""

    findings: list[Finding]
    not_made: bool


def inspect(
    schema: Schema, values: Mapping[str, Answer], item: Item, *, rules: Rules, seconds_active: float | None = None
) -> list[Finding]:
    """Return what the rules find in the answers about an item, errors first.

    An answer to a question that the schema no longer has, or of another kind than it asks for now, is a finding and not an exception,
    so that answers made under an older declaration can be looked at too. A check that takes too long, or fails with whatever exception,
    on whatever text or answer, is a warning that says so, and the other checks are made all the same. Call it within no transaction that
    writes: others would wait.

    Args:
        schema: the questions as they are declared now.
        values: the answers.
        item: what they are about.
        rules: from `compile_rules`.
        seconds_active: how long the annotator looked; None where that was not measured.
    """
    return look(schema, values, item, rules=rules, seconds_active=seconds_active).findings


def look(schema: Schema, values: Mapping[str, Answer], item: Item, *, rules: Rules, seconds_active: float | None = None) -> Inspection:
    """Do what `inspect` does, and tell as well whether all checks could be made."""
    fitting: dict[str, Answer] = {}
    problems: dict[str, list[Problem]] = {}
    asked = schema.asked(values, item)
    for name, answer in values.items():
        question = schema.questions.get(name)
        if question is None:
            problems[name] = [Problem("unknown_question", f"There is no question '{name}'.")]
        elif not question.is_answered_by(answer):
            message = f"The question asks for {question.kind} and the answer is {answer.kind}."
            problems[name] = [Problem("other_kind", message)]
        elif name not in asked:
            problems[name] = [schema.not_asked(name)]
        else:
            fitting[name] = answer
            found = question.problems(answer, item.data)
            if found:
                problems[name] = found
    case = Case(schema, fitting, item, problems, seconds_active)
    found = [_ask(rule, case) for rule in rules]
    findings = [finding for one in found for finding in one.findings]
    findings.sort(key=lambda finding: finding.severity != "error")
    return Inspection(findings, any(one.not_made for one in found))


def _ask(rule: Rule, case: Case) -> Inspection:
    findings: list[Finding] = []
    beyond: Counter[Severity] = Counter()
    not_made = False
    for found in _told(rule, case._replace(ends=time.monotonic() + SECONDS)):
        not_made = not_made or isinstance(found, NotMade)
        if len(findings) < MOST_FINDINGS:
            findings.append(_finding(rule.name, rule.severity, found))
        else:
            # An error beyond blocks as one before does.
            beyond[found.severity or rule.severity] += 1
    findings += [
        Finding(rule=rule.name, severity=severity, message=f"There are {count:,} more findings of this kind.")
        for severity, count in beyond.items()
    ]
    return Inspection(findings, not_made)


def _told(rule: Rule, case: Case) -> Iterator[Found]:
    """Yield what a rule finds, and that it could not look further where it fails: it may be the code of another package."""
    try:
        for found in rule.run(case):
            yield checked(found)
            if time.monotonic() > case.ends + GRACE_SECONDS:
                yield NotMade("This could not be checked to its end: it took too long.", severity="warning")
                return
    except GeneratorExit:
        raise
    except BaseException as error:
        yield checked(NotMade(f"This could not be checked: {plugins.caught(error)}", severity="warning"))


def _finding(name: str, severity: Severity, found: Found) -> Finding:
    return Finding(
        rule=name,
        severity=found.severity or severity,
        message=found.message,
        question=found.question,
        part=found.part,
    )
