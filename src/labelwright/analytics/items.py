"""The list of items with the number of all there are, as far as that is kept: the page itself counts nothing."""

from __future__ import annotations

from msgspec import structs
from sqlalchemy import Connection

from labelwright.analytics.keeping import kept_counts
from labelwright.api.items import ItemPage, ItemQuery
from labelwright.errors import BeingComputed
from labelwright.store import listing
from labelwright.store.project import Project

__all__ = ["read_items"]


def read_items(
    connection: Connection,
    project: Project,
    query: ItemQuery,
    *,
    limit: int = 50,
    after: str | None = None,
    kept: listing.Kept = listing.nothing_kept,
) -> ItemPage:
    """Return one page of items, as [labelwright.store.listing.read_items][] does, with `total` as it was counted last where it applies.

    Raises:
        InvalidInput: an argument is none that there is.
    """
    page = listing.read_items(connection, project.id, project.schema, query, limit=limit, after=after, kept=kept)
    if page.total is not None or query.label or query.search or query.state not in (None, "duplicate"):
        return page
    try:
        funnel = kept_counts(connection, project).funnel
    except BeingComputed:
        return page
    return structs.replace(page, total=funnel.duplicates if query.state == "duplicate" else funnel.prepared)
