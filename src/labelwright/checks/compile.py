"""From the pipeline file's `checks:` to compiled rules, once for each declaration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from labelwright import plugins
from labelwright.checks.case import Options, Run
from labelwright.errors import InvalidInput, InvalidPipeline, LabelwrightError, nearest
from labelwright.schema import Schema, Severity, content_hash
from labelwright.store.codec import encode
from labelwright.store.kept import library

__all__ = ["Rule", "Rules", "compile_rules"]


@dataclass(frozen=True)
class Rule:
    """One compiled rule with the severity of what it finds; `digest` is the hash of its code, its options and the files that it reads."""

    name: str
    severity: Severity
    run: Run
    digest: str


@dataclass(frozen=True)
class Rules:
    """The compiled rules of a project, in the order in which they speak.

    `digest` is the hash of all that decides what they find in an answer: the questions, the rules, and the version of Labelwright.
    """

    rules: tuple[Rule, ...]
    digest: str

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    @property
    def names(self) -> list[str]:
        """The names of the rules, in order; `expression` and `python` may be there several times."""
        return [rule.name for rule in self.rules]


def compile_rules(schema: Schema, declared: Sequence[str | dict[str, Any]], folder: Path) -> Rules:
    """Compile the rules that a pipeline declares, and those that hold without being declared.

    Args:
        schema: the questions; an expression that names an unknown question or label is refused here.
        declared: each entry is an expression, the name of a rule, or `{rule: options}`; `{rule: false}` switches a rule off.
        folder: where the pipeline file lies, and with it the Python files that it names.

    Raises:
        InvalidPipeline: a rule or an option is unknown, or an expression is wrong; `where` says at which place.

    >>> intent = {"kind": "choice", "of": "body", "options": ["a", "b"]}
    >>> schema = msgspec.convert({"data": {"body": "text"}, "questions": {"intent": intent}}, Schema)
    >>> compile_rules(schema, [{"too_fast": False}, "intent == 'a'"], Path()).names
    ['duplicate_box', 'invalid_answer', 'missing_answer', 'out_of_bounds', 'overlapping_spans', 'expression']
    """
    modules = {name: plugins.load("rules", name) for name in plugins.names("rules")}
    settled: dict[str, Any] = {name: True for name, module in modules.items() if module.ALWAYS}
    more: list[tuple[str, str, Any]] = []
    places = dict.fromkeys(settled, "checks")
    for index, entry in enumerate(declared):
        place = f"checks[{index}]"
        for name, options in _entries(entry, schema, modules, place):
            if modules[name].ALWAYS:
                settled[name], places[name] = options, place
            else:
                more.append((place, name, options))
    chosen = [(places[name], name, options) for name, options in settled.items()] + more
    rules = tuple(
        _compile(modules[name], name, options, schema, folder, place)
        for place, name, options in chosen
        if _on(modules[name], name, options, place)
    )
    return Rules(rules, content_hash([library(), encode(schema), *(rule.digest for rule in rules)])[:16])


def _entries(entry: Any, schema: Schema, modules: dict[str, ModuleType], place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(entry, str):
        yield (entry, True) if entry in modules and entry not in schema.questions else ("expression", entry)
        return
    if not isinstance(entry, dict) or not entry:
        raise InvalidPipeline("A check is an expression, the name of a rule, or a rule with its options.", where=place)
    for name, options in entry.items():
        if name not in modules:
            raise InvalidPipeline(f"There is no rule named '{name}'.", where=place, hint=nearest(str(name), modules))
        yield name, options


def _on(module: ModuleType, name: str, options: Any, place: str) -> bool:
    if options is not True and getattr(module, "BINDING", False):
        raise InvalidPipeline(f"The rule '{name}' always holds.", where=place, hint="It can be neither softened nor switched off.")
    return options is not False


def _compile(module: ModuleType, name: str, given: Any, schema: Schema, folder: Path, place: str) -> Rule:
    form: type[Options] = module.Options
    plain = {} if given is True or given is None else given
    short = getattr(module, "SHORT", None)
    if short and not isinstance(plain, dict):
        plain = {short: plain}
    try:
        options = msgspec.convert(plain, form)
    except msgspec.ValidationError as error:
        known = [field.encode_name for field in msgspec.structs.fields(form)]
        raise InvalidPipeline(f"{name}: {error}.", where=place, hint=f"Its options are: {', '.join(known)}.") from error
    try:
        run: Run = module.compile(options, schema, folder)
        read = [Path(str(module.__file__)), *(folder / file for file in options.files)]
        digest = content_hash([name, encode(options), *(content_hash(path.read_bytes()) for path in read)])
    except InvalidInput as error:
        where = f"{place}, {error.where}" if error.where else f"{place}, {name}"
        raise InvalidPipeline(error.message, where=where, hint=error.hint) from error
    except LabelwrightError:
        raise
    except BaseException as error:  # it may be the code of another package
        raise InvalidPipeline(f"The rule '{name}' cannot be compiled: {plugins.caught(error)}", where=place) from error
    return Rule(name, options.severity or module.SEVERITY, run, digest)
