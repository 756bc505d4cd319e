"""Versions of the dataset: frozen, named by the hash of their content, made once.

A version is a manifest, one JSON blob, and parts, Parquet blobs of some thousand items each with data, labels and provenance. Media stay
the blobs that they are: nothing is copied, and a version that differs in a few labels shares the parts that do not. The digest covers
each item's key, revision, split, columns, labels and provenance, the schema, the guidelines and the split: the same content has the same
digest and is the same version. Number, time, certificate and requirements are about the version and not part of it.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.datasets import Version
from labelwright.api.figures import Outcome
from labelwright.datasets.card import card
from labelwright.datasets.certificate import certificate
from labelwright.datasets.policy import DatasetPolicy
from labelwright.datasets.rows import FinishedItem, Unfinished, finished_rows
from labelwright.datasets.splits import assign, key_hash
from labelwright.errors import InvalidFile, InvalidInput, NotFound
from labelwright.formats import Provenance
from labelwright.schema import Schema, content_hash
from labelwright.store import bulk, log, tables
from labelwright.store.codec import decode, decode_values, encode
from labelwright.store.project import Project

__all__ = ["find_version", "freeze", "read_version", "splits_so_far", "versions"]

Progress = Callable[[int, int | None, str], None]

PART_ITEMS = 20_000
PART_CHARACTERS = 32 * 2**20
"""A part is closed at so many items or characters, whichever comes first."""

FORMAT = "labelwright-dataset/1"

_COLUMNS = ("key", "revision", "split", "data", "meta", "values", "provenance")


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def freeze(
    project: Project,
    policy: DatasetPolicy | None = None,
    *,
    requirements: Iterable[Outcome] = (),
    confidence: float = 0.95,
    progress: Progress = _silent,
) -> Version:
    """Freeze the labels as they stand. Where nothing changed since an earlier version, that version is returned and nothing is written.

    Args:
        project: whose labels.
        policy: how to split; by default not at all.
        requirements: the outcomes of the project's requirements, kept as they are.
        confidence: of the certificate.
        progress: told after every few thousand items.

    Raises:
        InvalidInput: there is no finished item, or the split names an unknown column.
    """
    policy = policy or DatasetPolicy()
    policy.check()
    counts = _Counts(project.schema)
    with project.database.read() as connection:
        pipeline = connection.execute(
            sa.select(tables.pipeline_versions.c.number, tables.pipeline_versions.c.digest).where(
                tables.pipeline_versions.c.id == project.pipeline_version
            )
        ).one()
        made_under = _pipeline_versions(connection, project.id)
        splits = assign(connection, project, policy, splits_so_far(connection, project, policy))
        unfinished = Unfinished()
        parts, content = _write_parts(project, counts.of(finished_rows(connection, project, splits, unfinished)), progress)
        proof = certificate(connection, project, confidence=confidence)
    if not counts.items:
        raise InvalidInput(
            "There is nothing to freeze: no item has all its required labels yet.",
            where=project.name,
            hint=f"{unfinished.count:,} items wait.",
        )
    facts = {
        "format": FORMAT,
        "schema": msgspec.to_builtins(project.schema),
        "guidelines_digest": content_hash(project.guidelines.encode()),
        "split": policy.split,
        "content": content,
        # The same labels may be better proved by now, or audited by criteria that have changed.
        "certificate": msgspec.to_builtins(proof),
    }
    digest = content_hash(facts)
    version = Version(
        number=0,
        digest=digest,
        manifest="",
        created_at=time.time(),
        pipeline_version=pipeline.number,
        items=counts.items,
        unfinished=unfinished.count,
        splits=dict(sorted(counts.splits.items())),
        labels={name: dict(counts.labels[name].most_common()) for name in project.schema.questions},
        origins={name: dict(counts.origins[name].most_common()) for name in project.schema.questions},
        certificate=proof,
        requirements=list(requirements),
        new=True,
    )
    known = _by_digest(project, digest)
    if known:
        return known
    manifest = {
        **facts,
        "project": project.name,
        "digest": digest,
        "created_at": version.created_at,
        "pipeline": {"number": pipeline.number, "digest": pipeline.digest},
        "pipeline_versions": made_under,
        "items": version.items,
        "unfinished": version.unfinished,
        "splits": version.splits,
        "labels": version.labels,
        "origins": version.origins,
        "requirements": version.requirements,
        "parts": parts,
        "card": card(project, version),
    }
    blob = project.blobs.put(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return project.database.write(lambda connection: _record(connection, project, msgspec.structs.replace(version, manifest=blob)))


def _pipeline_versions(connection: Connection, project_id: int) -> dict[str, dict[str, str]]:
    """Return the digests of the pipeline file and of the guidelines, by the numbers that labels name in their provenance."""
    table = tables.pipeline_versions
    query = sa.select(table.c.number, table.c.digest, table.c.guidelines).where(table.c.project_id == project_id).order_by(table.c.number)
    return {
        str(row.number): {"digest": row.digest, "guidelines_digest": content_hash(row.guidelines.encode())}
        for row in connection.execute(query)
    }


def splits_so_far(connection: Connection, project: Project, policy: DatasetPolicy) -> dict[int, str]:
    """Return the split of each item of the newest version, by the hash of its key, where it was divided as is declared now."""
    from pyarrow import parquet

    newest = next(iter(versions(connection, project.id)), None)
    if newest is None or not policy.shares:
        return {}
    manifest = msgspec.json.decode(project.blobs.get(newest.manifest))
    found: dict[int, str] = {}
    if manifest["split"] != msgspec.to_builtins(policy.split):
        return found
    for part in manifest["parts"]:
        with parquet.ParquetFile(project.blobs.path(part["blob"]), pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=20_000, columns=["key", "split"], use_threads=False):
                keys, splits = batch.column("key").to_pylist(), batch.column("split").to_pylist()
                found.update((key_hash(key), split) for key, split in zip(keys, splits, strict=True) if split is not None)
    return found


def _record(connection: Connection, project: Project, version: Version) -> Version:
    """Number the version and write it down, unless somebody else has just frozen the same."""
    table = tables.dataset_versions
    bulk.lock_project(connection, project.id)
    same = connection.scalar(sa.select(table.c.summary).where(table.c.project_id == project.id, table.c.digest == version.digest))
    if same is not None:
        return decode(same, Version)  # type: ignore[no-any-return]
    number = (connection.scalar(sa.select(sa.func.max(table.c.number)).where(table.c.project_id == project.id)) or 0) + 1
    version = msgspec.structs.replace(version, number=number)
    written = connection.execute(
        sa.insert(table).values(
            project_id=project.id,
            number=number,
            digest=version.digest,
            manifest=version.manifest,
            pipeline_version=project.pipeline_version,
            summary=encode(msgspec.structs.replace(version, new=False)),
            created_at=version.created_at,
        )
    )
    row_id = written.inserted_primary_key[0]  # type: ignore[index]  # an INSERT of one row always has a key
    log.append(connection, project.id, "version_frozen", subject_id=row_id, payload={"number": number, "digest": version.digest})
    return version


def versions(connection: Connection, project_id: int) -> list[Version]:
    """Return all versions, the newest first."""
    table = tables.dataset_versions
    query = sa.select(table.c.summary).where(table.c.project_id == project_id).order_by(table.c.number.desc())
    return [decode(summary, Version) for summary in connection.scalars(query)]


def find_version(connection: Connection, project_id: int, number: int) -> Version:
    """Return a version by its number.

    Raises:
        NotFound: there is none.
    """
    table = tables.dataset_versions
    summary = connection.scalar(sa.select(table.c.summary).where(table.c.project_id == project_id, table.c.number == number))
    if summary is None:
        newest = connection.scalar(sa.select(sa.func.max(table.c.number)).where(table.c.project_id == project_id))
        hint = f"The newest is {newest}." if newest else "None has been frozen yet."
        raise NotFound(f"There is no version {number}.", where="version", hint=hint)
    return decode(summary, Version)  # type: ignore[no-any-return]


def _by_digest(project: Project, digest: str) -> Version | None:
    table = tables.dataset_versions
    with project.database.read() as connection:
        found = connection.scalar(sa.select(table.c.summary).where(table.c.project_id == project.id, table.c.digest == digest))
    return decode(found, Version) if found is not None else None


# --- parts --------------------------------------------------------------------------------------------------------------------


class _Counts:
    """Counts what passes by: labels as their questions say, and as the dashboard counts them."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.items = 0
        self.splits: Counter[str] = Counter()
        self.labels: dict[str, Counter[str]] = {}
        self.origins: dict[str, Counter[str]] = {}

    def of(self, rows: Iterable[FinishedItem]) -> Iterator[FinishedItem]:
        self.labels = _Counters()
        self.origins = _Counters()
        for row in rows:
            self.items += 1
            if row.split is not None:
                self.splits[row.split] += 1
            for question, answer in row.values.items():
                self.labels[question].update(self.schema.questions[question].classes(answer))
                self.origins[question][row.provenance[question].origin] += 1
            yield row


class _Counters(dict[str, Counter[str]]):
    def __missing__(self, name: str) -> Counter[str]:
        self[name] = Counter()
        return self[name]


def _write_parts(project: Project, rows: Iterable[FinishedItem], progress: Progress) -> tuple[list[dict[str, Any]], str]:
    """Put the rows into blobs, and return these with the hash of all content, which does not depend on how Parquet packs it."""
    import pyarrow as pa

    from labelwright.formats.parquet import Sheet

    total = hashlib.sha256()
    encoder = msgspec.json.Encoder()
    parts: list[dict[str, Any]] = []
    done = 0

    def sheets() -> Iterator[list[tuple[Any, ...]]]:
        batch: list[tuple[Any, ...]] = []
        size = 0
        for row in rows:
            values, provenance = encoder.encode(row.values), encoder.encode(row.provenance)
            total.update(encoder.encode((row.key, row.revision, row.split, row.meta)))
            total.update(values + provenance + b"\n")
            batch.append((row.key, row.revision, row.split, row.data, row.meta, values, provenance))
            size += len(row.data) + len(row.meta) + len(values) + len(provenance)
            if len(batch) == PART_ITEMS or size >= PART_CHARACTERS:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    for batch in sheets():
        body = io.BytesIO()
        with Sheet(body, dict.fromkeys(_COLUMNS, pa.string())) as sheet:
            for cells in batch:
                for column, cell in zip(_COLUMNS, cells, strict=True):
                    sheet.cells[column].append(cell)
                sheet.row_done()
        parts.append({"blob": project.blobs.put(body.getvalue()), "items": len(batch)})
        done += len(batch)
        progress(done, None, "items frozen")
    return parts, total.hexdigest()


def read_version(project: Project, version: Version) -> Iterator[FinishedItem]:
    """Yield the items of a version, in its order.

    Raises:
        InvalidFile: a part is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    manifest = msgspec.json.decode(project.blobs.get(version.manifest))
    read_provenance = msgspec.json.Decoder(dict[str, Provenance]).decode
    for part in manifest["parts"]:
        try:
            with parquet.ParquetFile(project.blobs.path(part["blob"]), pre_buffer=False) as file:
                for batch in file.iter_batches(batch_size=2000, use_threads=False):
                    columns = [batch.column(name).to_pylist() for name in _COLUMNS]
                    for key, revision, split, data, meta, values, provenance in zip(*columns, strict=True):
                        yield FinishedItem(key, revision, split, data, meta, decode_values(values), read_provenance(provenance))
        except pa.ArrowException as error:
            raise InvalidFile(f"A part of version {version.number} is damaged: {error}.", where=part["blob"]) from error
