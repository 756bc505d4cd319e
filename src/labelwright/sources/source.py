"""Where raw data lies, as the pipeline file says it, and what collecting it came to."""

from __future__ import annotations

from msgspec import Struct

from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema.item import content_hash
from labelwright.schema.quantities import seconds
from labelwright.sources import readers

__all__ = ["Source", "check_source"]


class Source(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files to collect items from.

    uri: a file, a folder, or a pattern such as `scans/**/*.png`. A relative one starts at the pipeline file's folder and stays inside
        it; an absolute one stays inside the folder that it names.
    id: the column that names each row for good. Without one, a row is named by the hash of its content, so that rows may be inserted
        and moved, and a changed row counts as another one. Files are named by their path below the source's folder.
    format: `jsonl`, `csv`, `parquet`, `text`, `image` or `audio`; by default what each file's ending says.
    columns: the column that a field of the schema is read from, where the two have different names: `{body: message}`.
    prefix: stands in front of every key; tells two folders apart whose files have the same names.
    delimiter: what separates the columns of a CSV file; by default comma, semicolon, tab or bar, whichever parts its lines most evenly.
    header: false = the first row of a CSV file is a row as all others, and the columns are `column_1`, `column_2` and so on.
    watch: how often a running server looks for news, such as `10m`, and 5 seconds at least.
    """

    uri: str
    id: str | None = None
    format: str | None = None
    columns: dict[str, str] = {}
    prefix: str = ""
    delimiter: str | None = None
    header: bool = True
    watch: str | None = None

    def digest(self, fields: dict[str, str]) -> str:
        """Return a hash of all that decides what a file's rows become."""
        given = [1, self.id, self.format, self.columns, self.prefix, self.delimiter, fields]
        return content_hash(given if self.header else [*given, False])[:16]


def check_source(source: Source) -> None:
    """Refuse a source that contradicts itself.

    Raises:
        InvalidPipeline: the format is unknown, the delimiter is not one character, or `watch` is no duration.
    """
    where = f"sources ({source.uri})"
    if source.format is not None and source.format not in readers.names():
        known = readers.names()
        raise InvalidPipeline(f"There is no format '{source.format}' to collect from.", where=where, hint=nearest(source.format, known))
    if source.delimiter is not None and len(source.delimiter) != 1:
        raise InvalidPipeline("The delimiter is not one character.", where=where)
    if source.watch is not None and seconds(source.watch, f"{where}.watch") < 5:
        raise InvalidPipeline("A source is looked at again after 5 seconds at the earliest.", where=f"{where}.watch")
