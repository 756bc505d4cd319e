"""The client's tests talk to the same server as the server's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.site import Site, served


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    with served(folder, f"sqlite:///{folder}/labelwright.db") as site:
        yield site
