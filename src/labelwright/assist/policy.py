"""What the pipeline file says under `assist:`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import UNSET, Struct, UnsetType

from labelwright import plugins
from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema.quantities import share

__all__ = ["NAMED", "AssistPolicy", "Declared", "Role", "Roles", "read_labelers", "read_roles"]

NAMED = "named"
"""The entry that gives a role to labelers by their names, whoever runs them."""

Part = Literal["suggest", "annotate", "judge"]
"""What a labeler may be there for."""


class AssistPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The labelers, each as a name or `{name: options}`, such as `{functions: rules.py}` or `{model: {}}`.

    Beside its own options a labeler has a `role`. With `suggest`, as it is unless said, people see what it suggests. With `annotate` its
    suggestions count as one more annotator's answers, and annotators do not see them, for who saw them does not answer independently;
    `shown: true` shows them all the same. `{named: {names: [words], role: annotate}}` gives the role to labelers by their names, such as
    those whose suggestions come over the API or from a file.

    `unassisted` is the share of answers that are given without the suggestions that there are, drawn by lot for each item and person, so
    that what suggestions save and cost can be measured; `0%` shows them always, and measures nothing.
    """

    labelers: tuple[str | dict[str, Any], ...] = ()
    unassisted: str = "10%"

    def check(self) -> None:
        """Refuse a share that is none, and labelers and options that do not exist, without running anything.

        Raises:
            InvalidPipeline: as said; `where` names the entry.
        """
        share(self.unassisted, "assist.unassisted")
        read_roles(self.labelers)

    @property
    def unassisted_share(self) -> float:
        return share(self.unassisted)


class Role(NamedTuple):
    """What becomes of a labeler's suggestions: whether they count as answers, and whether annotators see them."""

    counts: bool = False
    shown: bool = True


class Roles(Struct, frozen=True):
    """The role of each labeler, by its name, or by how its name begins, up to the last dot; the whole name comes first."""

    roles: dict[str, Role] = {}

    def of(self, labeler: str) -> Role:
        """Return the role of a labeler.

        >>> Roles({"rules.": Role(True, False)}).of("rules.refund")
        Role(counts=True, shown=False)
        """
        return self.roles.get(labeler) or self.roles.get(f"{labeler.rpartition('.')[0]}.") or Role()

    @property
    def counted(self) -> list[str]:
        """The names, or their beginnings, that count as annotators."""
        return [name for name, role in self.roles.items() if role.counts]


class Declared(NamedTuple):
    """One declared labeler: its module, its options, where it stands, and its role."""

    name: str
    module: ModuleType
    options: Any
    place: str
    role: Role = Role()

    @property
    def called(self) -> str:
        """The name of the labelers that it opens, or, with a dot at the end, how their names begin."""
        called = getattr(self.module, "called", None)
        return called(self.options) if called else self.name


def read_labelers(labelers: Sequence[str | dict[str, Any]]) -> list[Declared]:
    """Read the declared labelers with their options.

    Raises:
        InvalidPipeline: a labeler or an option is unknown, or the same is declared twice.

    >>> [(one.name, one.options.file) for one in read_labelers([{"functions": "rules.py"}])]
    [('functions', 'rules.py')]
    """
    found = []
    for name, given, place in _entries(labelers):
        if name == NAMED:
            continue
        if name not in plugins.names("labelers"):
            raise InvalidPipeline(f"There is no labeler named '{name}'.", where=place, hint=nearest(name, plugins.names("labelers")))
        module = plugins.load("labelers", name)
        plain, role = _role(_plain(given, module.SHORT), f"{place}.{name}")
        found.append(Declared(name, module, _options(module, name, plain, place), place, role))
    seen: list[Any] = []
    for declared in found:
        if (declared.name, declared.options) in seen:
            raise InvalidPipeline(f"The labeler '{declared.name}' is declared twice.", where=declared.place)
        seen.append((declared.name, declared.options))
    return found


def read_roles(labelers: Sequence[str | dict[str, Any]]) -> Roles:
    """Read the role of each declared or named labeler.

    Raises:
        InvalidPipeline: as `read_labelers` does, and where a labeler would have two roles.

    >>> read_roles([{"functions": {"file": "rules.py", "role": "annotate"}}]).of("rules.refund")
    Role(counts=True, shown=False)
    """
    declared = [(one.called, one.role, one.place) for one in read_labelers(labelers)]
    named = []
    for name, given, place in _entries(labelers):
        if name == NAMED:
            plain, role = _role(_plain(given, "names"), f"{place}.{NAMED}")
            named += [(one, role, place) for one in _names(plain, f"{place}.{NAMED}")]
    # What is said of one labeler by its name comes before what is said of all that an entry opens.
    return Roles(_one_role(declared) | _one_role(named))


def _one_role(told: Sequence[tuple[str, Role, str]]) -> dict[str, Role]:
    roles: dict[str, Role] = {}
    for name, role, place in told:
        if roles.setdefault(name, role) != role:
            raise InvalidPipeline(f"The labeler '{name.rstrip('.')}' has two roles.", where=place, hint="Give it one.")
    return roles


def _entries(labelers: Sequence[str | dict[str, Any]]) -> Iterator[tuple[str, Any, str]]:
    """Yield the name of each labeler, what is said of it, and where it stands."""
    for index, entry in enumerate(labelers):
        place = f"assist.labelers[{index}]"
        entries = {entry: {}} if isinstance(entry, str) else entry
        if not isinstance(entries, dict) or not entries:
            raise InvalidPipeline("A labeler is a name, or a name with its options.", where=place)
        for name, given in entries.items():
            yield name, given, place


def _plain(given: Any, short: str) -> dict[str, Any]:
    """The options of a labeler, where one value alone may stand for the option `short`."""
    plain = {} if given is True or given is None else given
    return plain if isinstance(plain, dict) else {short: plain}


class _RoleOptions(Struct, frozen=True, kw_only=True):
    role: str = "suggest"
    shown: bool | UnsetType = UNSET


def _role(plain: dict[str, Any], place: str) -> tuple[dict[str, Any], Role]:
    """Take a labeler's role from its options, and return what is left of them."""
    rest = {name: value for name, value in plain.items() if name not in _RoleOptions.__struct_fields__}
    try:
        told = msgspec.convert({name: value for name, value in plain.items() if name not in rest}, _RoleOptions)
    except msgspec.ValidationError as error:
        raise InvalidPipeline(f"{error}.", where=place, hint="`role` is a word, and `shown` true or false.") from error
    if told.role not in get_args(Part):
        raise InvalidPipeline(f"There is no role '{told.role}'.", where=f"{place}.role", hint=nearest(told.role, get_args(Part)))
    if told.role == "judge":
        raise InvalidPipeline("The role 'judge' is reserved: machines that judge answers are not built yet.", where=f"{place}.role")
    if told.role == "suggest" and told.shown is not UNSET:
        hint = "`shown` belongs to `role: annotate`."
        raise InvalidPipeline("What a labeler suggests is shown in any case.", where=f"{place}.shown", hint=hint)
    return rest, Role() if told.role == "suggest" else Role(counts=True, shown=told.shown is True)


def _names(plain: dict[str, Any], place: str) -> tuple[str, ...]:
    """The names of labelers under `named`."""
    names = plain.get("names")
    listed = [names] if isinstance(names, str) else names
    if set(plain) != {"names"} or not isinstance(listed, list) or not listed or not all(isinstance(one, str) for one in listed):
        hint = "Write `named: {names: [words], role: annotate}`."
        raise InvalidPipeline("`named` says the names of labelers, and their role.", where=place, hint=hint)
    return tuple(listed)


def _options(module: ModuleType, name: str, plain: dict[str, Any], place: str) -> Any:
    try:
        return msgspec.convert(plain, module.Options)
    except msgspec.ValidationError as error:
        known = ", ".join(field.encode_name for field in msgspec.structs.fields(module.Options))
        raise InvalidPipeline(f"{name}: {error}.", where=place, hint=f"Its options are: {known}.") from error
