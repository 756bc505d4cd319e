"""A served workspace for the tests of this folder, once on SQLite and once on PostgreSQL; they share it, each with people of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.server.site import Site, served

_databases = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    store = f"sqlite:///{folder}/labelwright.db"
    if request.param == "postgresql":
        import psycopg

        url: str = request.getfixturevalue("postgresql_template")
        name = f"site_{request.module.__name__.rpartition('.')[2]}_{next(_databases)}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "template_labelwright"'.encode())
        store = url.replace("/postgres", f"/{name}")
    with served(folder, store) as site:
        site.keep_figures()
        yield site


@pytest.fixture(autouse=True)
def _forgiven() -> None:
    """Wrong passwords of one test must not keep the next one out."""
    from labelwright.server.routes import session

    session._attempts.__init__()  # type: ignore[misc]
