"""What the steps for media share."""

from __future__ import annotations

from pathlib import Path

from labelwright.errors import InvalidInput, NotFound, nearest
from labelwright.prepare.draft import Context, Draft

__all__ = ["path_of"]


def path_of(draft: Draft, field: str, context: Context) -> tuple[Path, str, str]:
    """Return where the bytes that a media column stands for lie, their digest, and what messages call them."""
    value = draft.columns.get(field)
    if not isinstance(value, dict) or not isinstance(value.get("blob"), str):
        if field in draft.columns:
            raise InvalidInput(f"The column '{field}' holds no {context.schema.data[field]}.")
        raise InvalidInput(f"There is no column '{field}'.", hint=nearest(field, draft.columns))
    try:
        return context.blobs.path(value["blob"]), value["blob"], str(value.get("name") or draft.key)
    except NotFound as error:
        raise InvalidInput(f"The bytes of '{field}' are missing from the store.", hint="Restore the folder of blobs.") from error
