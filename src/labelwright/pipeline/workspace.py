"""A workspace: the projects of one folder, and the store that they share.

A folder with a `labelwright.yaml` is a workspace with one project. A folder whose subfolders have one each is a workspace with several,
which share a database, people and a page; its file `workspace.yaml`, which may be empty, says so and lets a command name just one of the
subfolders.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright import checks
from labelwright.assist import Roles, read_roles
from labelwright.errors import InvalidPipeline, LabelwrightError, NotFound
from labelwright.pipeline import _places, _yaml
from labelwright.pipeline.declare import FILE, Pipeline, RunPolicy, located
from labelwright.pipeline.keys import renewed
from labelwright.schema import content_hash
from labelwright.store import criteria, log, tables
from labelwright.store.blobs import Blobs
from labelwright.store.codec import decode, encode
from labelwright.store.database import Database, located_in
from labelwright.store.portable import take_turns
from labelwright.store.project import Project
from labelwright.tasks import Queue

__all__ = ["WORKSPACE_FILE", "OpenProject", "Workspace", "open_store", "store_of"]

WORKSPACE_FILE = "workspace.yaml"


class _WorkspaceFile(Struct, frozen=True, forbid_unknown_fields=True):
    run: RunPolicy = RunPolicy()


@dataclass(frozen=True)
class OpenProject:
    """A project with its declaration, its compiled checks and its queue: what every event is handed.

    `version` counts the project's declarations from 1. `seed` is the project's secret, from which lots are drawn, `declared_at` when this
    version was noted, and `roles` what labelers are there for.
    """

    project: Project
    pipeline: Pipeline
    rules: checks.Rules
    queue: Queue = field(repr=False)
    version: int
    seed: str = field(repr=False)
    declared_at: float = 0.0
    roles: Roles = field(default_factory=Roles)

    @property
    def name(self) -> str:
        return self.project.name


@dataclass
class Workspace:
    """The open store of a folder and the projects declared there.

    `folder` is where the store lies unless it is elsewhere; `projects` has each project by its name.
    """

    folder: Path
    database: Database
    blobs: Blobs
    projects: dict[str, OpenProject]

    @classmethod
    def open(cls, folder: Path | str) -> Workspace:
        """Open the workspace in `folder`, make its store where there is none, and note each declaration that is new.

        Raises:
            InvalidPipeline: the folder has no pipeline file, or one is wrong, or two projects have the same name.
        """
        root, pipelines = _load(Path(folder))
        names = [pipeline.name for pipeline in pipelines.values()]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidPipeline(f"Two projects are named '{twice[0]}'.", where=str(root), hint="Give each its own name.")
        database, blobs = _open_store(root, _run_policy(root, pipelines))
        workspace = cls(root, database, blobs, {})
        try:
            for path, pipeline in pipelines.items():
                workspace.projects[pipeline.name] = _open_project(path, pipeline, database, blobs)
        except BaseException:
            database.close()
            raise
        return workspace

    def project(self, name: str) -> OpenProject:
        """Return the project of that name.

        Raises:
            NotFound: there is none.
        """
        if name not in self.projects:
            raise NotFound("There is no such project.", where=name[:80])
        return self.projects[name]

    def reload(self, project: str | None = None) -> list[str]:
        """Open those projects anew whose pipeline file has changed since, and return their names; what is at work goes on as it began.

        What another process has noted is looked for, such as a run beside the server, by one query; of a `project` that is named, its file.

        Raises:
            InvalidPipeline: a changed file is wrong; its project stays as it was, and the others are opened all the same.
        """
        versions, again = tables.pipeline_versions, []
        wrong: LabelwrightError | None = None
        with self.database.read() as connection:
            newest = dict(
                connection.execute(sa.select(versions.c.project_id, sa.func.max(versions.c.id)).group_by(versions.c.project_id)).all()
            )
        for name in [project] if project else list(self.projects):
            known = self.projects[name].project
            if not project and newest.get(known.id, 0) <= known.pipeline_version:
                continue
            try:
                pipeline = Pipeline.load(known.folder)
                if pipeline.name != name:  # it is another project now, which whoever opens the workspace next will find
                    continue
                fresh = _open_project(known.folder, pipeline, self.database, self.blobs)
            except LabelwrightError as error:
                wrong = error
                continue
            if fresh.project.pipeline_version != known.pipeline_version:
                self.projects[name] = fresh
                again.append(name)
        if wrong:
            raise wrong
        return again

    def close(self) -> None:
        """Finish the waiting writes and close the store."""
        self.database.close()


def open_store(folder: Path) -> tuple[Database, Blobs]:
    """Open the store of a workspace without its projects, as restoring a backup needs it.

    Raises:
        InvalidPipeline: the folder has no pipeline file, or one is wrong.
    """
    root, pipelines = _load(folder)
    return _open_store(root, _run_policy(root, pipelines))


def store_of(folder: Path) -> Database:
    """Return the store of a workspace as it lies there, without making or changing anything in it.

    Raises:
        InvalidPipeline: the folder has no pipeline file, or one is wrong.
    """
    root, pipelines = _load(folder)
    return _database(root, _run_policy(root, pipelines))


def _load(folder: Path) -> tuple[Path, dict[Path, Pipeline]]:
    root, folders = _find(folder.resolve())
    return root, {path: Pipeline.load(path) for path in folders}


def _find(start: Path) -> tuple[Path, list[Path]]:
    """The workspace's folder and the folders of the projects that are meant."""
    if (start / FILE).is_file():
        inside = (start.parent / WORKSPACE_FILE).is_file()
        return (start.parent if inside else start), [start]
    folders = sorted(path.parent for path in start.glob(f"*/{FILE}")) if start.is_dir() else []
    if not folders:
        raise InvalidPipeline(
            f"There is no {FILE} here.", where=str(start), hint=f"Write one with: labelwright init {start.name} --from YOUR_DATA"
        )
    return start, folders


def _run_policy(root: Path, pipelines: dict[Path, Pipeline]) -> RunPolicy:
    path = root / WORKSPACE_FILE
    if path.is_file() and any(line.strip() and not line.lstrip().startswith(b"#") for line in path.read_bytes().splitlines()):
        data, lines = _yaml.load(path)
        try:
            return msgspec.convert(data, _WorkspaceFile).run
        except msgspec.ValidationError as error:
            raise _places.explain(error, data, lines, _WorkspaceFile, WORKSPACE_FILE) from error
    # A single project says itself where its store is; several share the one in the workspace's folder.
    (first, *others) = pipelines.values()
    return first.run if not others and root in pipelines else RunPolicy()


def _database(root: Path, policy: RunPolicy) -> Database:
    from labelwright.settings import settings

    return Database(located_in(root, settings().store or policy.store))


def _open_store(root: Path, policy: RunPolicy) -> tuple[Database, Blobs]:
    from labelwright.settings import settings

    database = _database(root, policy)
    try:
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database, Blobs(root / (settings().blobs or policy.blobs))


def _open_project(folder: Path, pipeline: Pipeline, database: Database, blobs: Blobs) -> OpenProject:
    with located(folder):
        guidelines = _guidelines(folder, pipeline)
        rules = checks.compile_rules(pipeline.schema, pipeline.checks, folder)
    project_id, version, number, seed, declared_at = database.write(lambda connection: _register(connection, pipeline, guidelines))
    project = Project(
        id=project_id,
        name=pipeline.name,
        folder=folder,
        schema=pipeline.schema,
        guidelines=guidelines,
        pipeline_version=version,
        database=database,
        blobs=blobs,
    )
    queue = Queue(project_id, pipeline.tasks, review_own=pipeline.review.own)
    return OpenProject(project, pipeline, rules, queue, number, seed, declared_at, read_roles(pipeline.assist.labelers))


def _guidelines(folder: Path, pipeline: Pipeline) -> str:
    if not pipeline.schema.guidelines:
        return ""
    path = (folder / pipeline.schema.guidelines).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise InvalidPipeline(
            f"The guidelines '{pipeline.schema.guidelines}' are not in the project's folder.",
            where="schema.guidelines",
            hint="Write them into that file, or take the key out.",
        )
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        message = f"The guidelines '{pipeline.schema.guidelines}' are not UTF-8."
        raise InvalidPipeline(message, where="schema.guidelines", hint="Save the file as UTF-8.") from error


_REGISTERING = (0, 7522984)
"""The lock of those who write down what a pipeline file says: no project has the number 0."""


def _register(connection: Connection, pipeline: Pipeline, guidelines: str) -> tuple[int, int, int, str, float]:
    """Return the numbers of the project, of its pipeline version's row and that version's own, the secret, and when it was declared.

    What is new is written down.
    """
    projects, versions = tables.projects, tables.pipeline_versions
    take_turns(connection, *_REGISTERING)
    known = connection.execute(sa.select(projects.c.id, projects.c.seed).where(projects.c.name == pipeline.name)).one_or_none()
    if known is None:
        seed = secrets.token_hex(16)
        made = connection.execute(sa.insert(projects).values(name=pipeline.name, created_at=time.time(), seed=seed))
        project_id = int(made.inserted_primary_key[0])  # type: ignore[index]  # an INSERT of one row always has a key
    else:
        project_id, seed = known
    digest = pipeline.digest(guidelines)
    newest = connection.execute(
        sa.select(versions.c.id, versions.c.number, versions.c.digest, versions.c.created_at, versions.c.declaration, versions.c.guidelines)
        .where(versions.c.project_id == project_id)
        .order_by(versions.c.number.desc())
        .limit(1)
    ).one_or_none()
    if newest and (newest.digest == digest or _says(newest.declaration, newest.guidelines) == digest):
        return project_id, newest.id, newest.number, seed, newest.created_at
    number, now = newest.number + 1 if newest else 1, time.time()
    written = connection.execute(
        sa.insert(versions).values(
            project_id=project_id,
            number=number,
            digest=digest,
            declaration=encode(msgspec.to_builtins(pipeline)),
            guidelines=guidelines,
            guidelines_digest=content_hash(guidelines.encode()),
            criteria=criteria.note(connection, project_id, pipeline.schema, guidelines),
            created_at=now,
        )
    )
    version = int(written.inserted_primary_key[0])  # type: ignore[index]  # as above
    log.append(connection, project_id, "pipeline_declared", subject_id=version, payload={"number": number})
    return project_id, version, number, seed, now


def _says(declaration: str, guidelines: str) -> str | None:
    """Return the digest that a noted declaration has today, or None where it cannot be read any more.

    It differs from the one that was noted where an earlier Labelwright knew fewer keys, or spelled one in another way.
    """
    try:
        return msgspec.convert(renewed(decode(declaration), {}), Pipeline).digest(guidelines)
    except (msgspec.ValidationError, InvalidPipeline):
        return None
