"""How the dataset is split and where it goes: the `dataset` block of the pipeline file."""

from __future__ import annotations

import re

from msgspec import Struct

from labelwright import plugins
from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema.quantities import share

__all__ = ["DatasetPolicy", "ExportTarget"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")


class ExportTarget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where an export goes, a folder or file relative to the pipeline file, and in which format."""

    to: str
    format: str = "jsonl"


class DatasetPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`split` names the splits and their shares: `{train: 80%, test: 20%}`; `by` in it names a column whose rows stay together.

    `export` lists what a new version is written out as.
    """

    split: dict[str, str] = {}
    export: tuple[ExportTarget, ...] = ()

    def check(self) -> None:
        """Refuse shares that do not add up, names that cannot be file names, and unknown formats.

        Raises:
            InvalidPipeline: as said.
        """
        for name, part in self.split.items():
            if name == "by":
                continue
            if not _NAME.fullmatch(name):
                raise InvalidPipeline(f"'{name}' is no name of a split.", where="dataset.split", hint="Use letters, digits and _.")
            share(part, f"dataset.split.{name}")
        shares = self.shares
        if "by" in self.split and not shares:
            raise InvalidPipeline("There is no split beside 'by'.", where="dataset.split", hint="Write for example train: 80%, test: 20%.")
        if shares and abs(sum(shares.values()) - 1) > 1e-9:
            raise InvalidPipeline(f"The splits add up to {100 * sum(shares.values()):g}% and not to 100%.", where="dataset.split")
        for index, target in enumerate(self.export):
            known = plugins.names("formats")
            if target.format not in known:
                hint = nearest(target.format, known)
                raise InvalidPipeline(f"There is no format '{target.format}'.", where=f"dataset.export[{index}].format", hint=hint)

    @property
    def shares(self) -> dict[str, float]:
        """Each split's share, 0 to 1."""
        return {name: share(part) for name, part in self.split.items() if name != "by"}

    @property
    def by(self) -> str | None:
        """The column whose rows stay together."""
        return self.split.get("by")
