"""Plays a finished project: consensus, audits and reviews written straight into the store."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.schema import Answer
from labelwright.schema.kinds.choice import Choice
from labelwright.store import criteria, tables
from labelwright.store.codec import encode
from labelwright.store.project import Project


def annotate(project: Project, item_id: int, user_id: int, values: Mapping[str, Answer], *, at: float | None = None, **more: Any) -> int:
    """Write one annotation and return its number."""
    row = {
        "project_id": project.id,
        "item_id": item_id,
        "user_id": user_id,
        "pipeline_version": project.pipeline_version,
        "values": encode(values),
        "created_at": at or time.time(),
        **more,
    }
    return int(
        project.database.write(lambda connection: connection.execute(sa.insert(tables.annotations).values(row)).inserted_primary_key[0])
    )


def agree(
    project: Project, labels: Mapping[int, Answer | str], *, question: str = "intent", annotations: Mapping[int, Sequence[int]] = {}
) -> None:
    """Write the consensus of items."""
    rows = [
        {
            "item_id": item_id,
            "question": question,
            "project_id": project.id,
            "answer": encode(Choice(answer) if isinstance(answer, str) else answer),
            "confidence": 0.9,
            "answers": 1,
            "annotation_ids": encode(list(annotations.get(item_id, ()))),
            "method": "dawid_skene",
            "updated_at": time.time(),
        }
        for item_id, answer in labels.items()
    ]
    project.database.write(lambda connection: connection.execute(sa.insert(tables.consensus), rows))


def pick(project: Project, item_ids: Sequence[int], *, random: int = 1) -> None:
    """Pick items for review, and pass over all others."""
    drawn = sa.update(tables.items).where(tables.items.c.project_id == project.id).values(drawn_at=time.time())
    project.database.write(lambda connection: connection.execute(drawn))
    rows = [{"item_id": item_id, "project_id": project.id, "random": random, "created_at": time.time()} for item_id in item_ids]
    project.database.write(lambda connection: connection.execute(sa.insert(tables.review_picks), rows))


def review(
    project: Project,
    item_id: int,
    reviewer: int,
    before: Mapping[str, Answer],
    after: Mapping[str, Answer] | None = None,
    *,
    verdict: str | None = None,
    random: int = 1,
    at: float | None = None,
    blind: bool = True,
) -> int:
    """Write a review: an accept of what was there, or a fix with `after`; `blind` is an audit, which begins without the label."""
    versions = tables.pipeline_versions
    newest = sa.select(sa.func.max(versions.c.id)).where(versions.c.project_id == project.id)
    fixed = annotate(project, item_id, reviewer, after, origin="review", at=at) if after is not None else None

    def work(connection: Connection) -> int:
        task = None
        if blind:
            given = {"project_id": project.id, "item_id": item_id, "purpose": "audit", "state": "done", "lane": 1, "rank": 0}
            task = connection.execute(sa.insert(tables.tasks).values(**given, user_id=reviewer)).inserted_primary_key[0]
            answer = {"task_id": task, "user_id": reviewer, "project_id": project.id, "values": encode(after or before)}
            connection.execute(sa.insert(tables.blind_answers).values(**answer, created_at=time.time()))
        row = connection.execute(
            sa.insert(tables.reviews).values(
                project_id=project.id,
                item_id=item_id,
                task_id=task,
                pipeline_version=newest.scalar_subquery(),
                reviewer_id=reviewer,
                verdict=verdict or ("fix" if after is not None else "accept"),
                fixed_annotation_id=fixed,
                label_before=encode(before),
                random=random,
                created_at=at or time.time(),
            )
        )
        return int(row.inserted_primary_key[0])

    return project.database.write(work)


def plant(project: Project, item_id: int, auditor: int, found: Sequence[str]) -> None:
    """Write down planted audits, and how each error was found: `blind`, `shown` or `missed`."""
    wrong = annotate(project, item_id, auditor, {"intent": Choice("bug")}, origin="import", state="replaced")

    def work(connection: Connection) -> None:
        given = {"project_id": project.id, "item_id": item_id, "purpose": "audit", "state": "done", "lane": 1, "rank": 0}
        task = connection.execute(sa.insert(tables.tasks).values(**given, annotation_id=wrong)).inserted_primary_key[0]
        row = {"project_id": project.id, "item_id": item_id, "task_id": task, "annotation_id": wrong, "auditor_id": auditor}
        rows = [{**row, "found": encode({"intent": how}), "verdict": "fix", "created_at": time.time()} for how in found]
        connection.execute(sa.insert(tables.planted_audits), rows)

    project.database.write(work)


def declare(project: Project, *, guidelines: str = "", **blocks: Any) -> None:
    """Write a new version of the project's pipeline file, as opening a workspace does."""
    versions = tables.pipeline_versions

    def work(connection: Connection) -> None:
        number = connection.scalar(sa.select(sa.func.max(versions.c.number)).where(versions.c.project_id == project.id)) or 0
        connection.execute(
            sa.insert(versions).values(
                project_id=project.id,
                number=number + 1,
                digest=f"{number + 1}",
                declaration=encode({"schema": project.schema, **blocks}),
                guidelines=guidelines,
                guidelines_digest="",
                criteria=criteria.note(connection, project.id, project.schema, guidelines),
                created_at=time.time(),
            )
        )

    project.database.write(work)
