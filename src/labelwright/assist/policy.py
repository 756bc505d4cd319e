"""What the pipeline file says under `assist:`."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from labelwright import plugins
from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema.quantities import share

__all__ = ["AssistPolicy", "Declared", "read_labelers"]


class AssistPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The labelers, each as a name or `{name: options}`, such as `{functions: rules.py}` or `{model: {}}`.

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
        read_labelers(self.labelers)

    @property
    def unassisted_share(self) -> float:
        return share(self.unassisted)


class Declared(NamedTuple):
    """One declared labeler: its module, its options, and where it stands."""

    name: str
    module: ModuleType
    options: Any
    place: str


def read_labelers(labelers: Sequence[str | dict[str, Any]]) -> list[Declared]:
    """Read the declared labelers with their options.

    Raises:
        InvalidPipeline: a labeler or an option is unknown, or the same is declared twice.

    >>> [(one.name, one.options.file) for one in read_labelers([{"functions": "rules.py"}])]
    [('functions', 'rules.py')]
    """
    found = []
    for index, entry in enumerate(labelers):
        place = f"assist.labelers[{index}]"
        entries = {entry: {}} if isinstance(entry, str) else entry
        if not isinstance(entries, dict) or not entries:
            raise InvalidPipeline("A labeler is a name, or a name with its options.", where=place)
        for name, given in entries.items():
            if name not in plugins.names("labelers"):
                raise InvalidPipeline(f"There is no labeler named '{name}'.", where=place, hint=nearest(name, plugins.names("labelers")))
            module = plugins.load("labelers", name)
            found.append(Declared(name, module, _options(module, name, given, place), place))
    seen: list[Any] = []
    for declared in found:
        if (declared.name, declared.options) in seen:
            raise InvalidPipeline(f"The labeler '{declared.name}' is declared twice.", where=declared.place)
        seen.append((declared.name, declared.options))
    return found


def _options(module: ModuleType, name: str, given: Any, place: str) -> Any:
    plain = {} if given is True or given is None else given
    if not isinstance(plain, dict):
        plain = {module.SHORT: plain}
    try:
        return msgspec.convert(plain, module.Options)
    except msgspec.ValidationError as error:
        known = ", ".join(field.encode_name for field in msgspec.structs.fields(module.Options))
        raise InvalidPipeline(f"{name}: {error}.", where=place, hint=f"Its options are: {known}.") from error
