"""The client's tests talk to the same house as the server's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.server.house import House, served


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with served(folder, f"sqlite:///{folder}/labelwright.db") as house:
        yield house
