"""The numbers that pictures and recordings turn into, made once for each content and kept."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from labelwright.errors import LabelwrightError
from labelwright.schema import Item, Stored
from labelwright.store import tables
from labelwright.store.database import Connection
from labelwright.store.project import Project

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ItemMedia"]

THREADS = 2


class ItemMedia:
    """What learners see of items besides texts."""

    def __init__(self, project: Project) -> None:
        self._project = project

    def body(self, item: Item, field: str) -> bytes | None:
        """Return the bytes of a picture or recording; None where the item has none, or it is lost."""
        shown = item.data.get(field)
        if not isinstance(shown, Stored):
            return None
        try:
            return self._project.blobs.get(shown.blob)
        except LabelwrightError:
            return None

    def vectors(self, items: Sequence[Item], field: str, features: ModuleType) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return one row of `features` an item, and for which items that was possible; rows of the others are zero."""
        import numpy as np

        blobs = [getattr(item.data.get(field), "blob", "") for item in items]
        rows = np.zeros((len(items), features.SIZE), dtype=np.float32)
        known: dict[str, NDArray[np.float32] | None] = {}
        for start in range(0, len(items), 500):
            part = [blob for blob in dict.fromkeys(blobs[start : start + 500]) if blob and blob not in known]
            found = self._kept(features.__name__, features.VERSION, part)
            missing = [blob for blob in part if blob not in found]
            with ThreadPoolExecutor(THREADS) as pool:
                fresh = dict(zip(missing, pool.map(partial(self._make, features), missing), strict=True))
            self._keep(features.__name__, features.VERSION, {blob: row for blob, row in fresh.items() if row is not None})
            known.update(found)
            known.update(fresh)
        usable = np.zeros(len(items), dtype=bool)
        for index, blob in enumerate(blobs):
            row = known.get(blob)
            if row is not None and len(row) == features.SIZE:
                rows[index], usable[index] = row, True
        return rows, usable

    def _make(self, features: ModuleType, blob: str) -> NDArray[np.float32] | None:
        import numpy as np

        try:
            made: NDArray[np.float32] = features.vector(self._project.blobs.get(blob)).astype(np.float16).astype(np.float32)
        except LabelwrightError:
            # A broken file was told about when it was prepared; here its item merely gets no suggestion.
            return None
        return made if bool(np.isfinite(made).all()) else None

    def _kept(self, name: str, version: str, blobs: list[str]) -> dict[str, NDArray[np.float32] | None]:
        import numpy as np

        rows = tables.features
        query = sa.select(rows.c.content, rows.c.vector).where(rows.c.extractor == _extractor(name, version), rows.c.content.in_(blobs))
        with self._project.database.read() as connection:
            return {
                row.content: np.frombuffer(base64.b64decode(row.vector), dtype=np.float16).astype(np.float32)
                for row in connection.execute(query)
            }

    def _keep(self, name: str, version: str, fresh: dict[str, NDArray[np.float32]]) -> None:
        import numpy as np

        extractor = _extractor(name, version)
        rows = [
            {"extractor": extractor, "content": blob, "vector": base64.b64encode(row.astype(np.float16).tobytes()).decode()}
            for blob, row in fresh.items()
        ]
        if not rows:
            return
        try:
            self._project.database.write(partial(_insert, rows))
        except IntegrityError:
            # Another process kept the same numbers a moment ago.
            return


def _insert(rows: list[dict[str, str]], connection: Connection) -> None:
    connection.execute(sa.insert(tables.features), rows)


def _extractor(name: str, version: str) -> str:
    return f"{name.rpartition('.')[2]} {version}"
