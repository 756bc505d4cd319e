"""Automated review: rules look at every answer when it is submitted, and at the whole dataset whenever the pipeline runs.

A rule is a file in `rules/`. An error blocks the submission, a warning asks whether it is meant so. The pipeline file adds expressions
and a Python file of one's own, and configures or switches off what is built in:

    checks:
      - "intent == 'refund' implies any(entities, label == 'AMOUNT')"
      - {python: checks.py}
      - {too_fast: {seconds: 2, severity: error}}
      - {duplicate_box: false}
"""

from labelwright.checks.case import Case, Found
from labelwright.checks.compile import Rules, compile_rules
from labelwright.checks.dataset import findings_mark, inspect_all, store_findings
from labelwright.checks.decorator import check
from labelwright.checks.inspection import inspect

__all__ = ["Case", "Found", "Rules", "check", "compile_rules", "findings_mark", "inspect", "inspect_all", "store_findings"]
