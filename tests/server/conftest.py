"""A served house for the tests of this folder, once on SQLite and once on PostgreSQL; they share it, each with people of its own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.server.house import House, served

_databases = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    store = f"sqlite:///{folder}/labelwright.db"
    if request.param == "postgresql":
        import psycopg

        url: str = request.getfixturevalue("postgresql_template")
        name = f"house_{request.module.__name__.rpartition('.')[2]}_{next(_databases)}"
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "template_labelwright"'.encode())
        store = url.replace("/postgres", f"/{name}")
    with served(folder, store) as house:
        yield house


@pytest.fixture(autouse=True)
def _forgiven() -> None:
    """Wrong passwords of one test must not keep the next one out."""
    from labelwright.server.routes import session

    session._attempts.__init__()  # type: ignore[misc]


# --- known faults of the server, each to be taken out with its fix --------------------------------------------------------------

KNOWN_FAULTS = {
    "-unknown path of the API]": "the framework's documentation pages answer under /api",
    "-no UTF-8]": "a body that is no UTF-8 is 500",
    "test_signing_in_anew_works_over_an_old_session": "signing in asks for the CSRF token of an old session",
    "test_every_answer_carries_the_headers_of_safety": "errors raised in the gate leave without the headers of safety",
    "test_what_could_run_is_a_download[sqlite-empty]": "an empty blob is called JSON",
    "test_what_could_run_is_a_download[postgresql-empty]": "an empty blob is called JSON",
    "test_sound_comes_in_ranges": "a range outside is 400 and not 416",
    "test_a_text_that_quotes_a_digest_opens_nothing": "a text that quotes a digest opens the blob",
    "test_every_route_states_a_permission": "the framework's documentation pages state no permission",
    "test_a_comment_is_about_an_annotation_of_its_item": "the annotation of a comment is not looked up",
    "test_people_of_other_projects_are_not_named": "roles in other projects are listed",
    "test_a_project_keeps_an_owner": "the last owner can be let out",
    "test_guesses_sent_all_at_once_are_counted_too": "a guess counts after it was tried",
    "test_a_token_cannot_become_more_than_it_is[sqlite-set the password]": "a token can set a password and get a session",
    "test_a_token_cannot_become_more_than_it_is[postgresql-set the password]": "a token can set a password and get a session",
    "test_an_annotator_reads_and_settles_own_comments_only": "an annotator can settle anybody's comment",
    "[postgresql-a search with a null]": "PostgreSQL's refusal of a null character is 500",
    "test_control_characters_are_no_fault_of_ours[postgresql]": "PostgreSQL's refusal of a null character is 500",
}
"""Part of a test's name, and what is still wrong; the mark is strict, so that a mended fault shows."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for part, reason in KNOWN_FAULTS.items():
            if "tests/server/" in item.nodeid and part in item.nodeid:
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
