"""A project in which every figure is another number: gold, reviews, rejections, answers that are missing, duplicates, two questions."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import analytics, tasks
from labelwright.quality import QualityPolicy, refresh
from labelwright.store import tables
from tests.analytics.test_overview import insert, pick, review, suggest
from tests.quality.answers import answer, choice, spans
from tests.rows import add_known, add_users
from tests.server.site import Site

REQUIREMENTS = [
    "labeled >= 10%",
    "labeled(intent) >= 10%",
    "reviewed(intent) >= 1%",
    "count(intent='bug') >= 1",
    "gold_accuracy(intent) >= 10%",
    "gold_accuracy(parts) >= 10%",
]


def fill(site: Site) -> None:
    """Fill the project `tickets` of the site, and keep its figures as the background work does."""
    opened = site.tickets
    project = opened.project
    ann, bob, rev = add_users(project, "ann", "bob", "rev")
    ids = site.add_texts(*(f"The Aurora lamp number {number} came." for number in range(40)))
    names = ("refund", "bug", "other")
    marked, nothing = spans((4, 10, "PRODUCT")), spans()
    rows = [
        (item, user, {"intent": choice(names[number % 3]), "parts": marked if number % 2 else nothing})
        for number, item in enumerate(ids[:21])
        for user in (ann, bob)
    ]
    rows += [(item, ann, {"intent": choice("bug"), "parts": nothing}) for item in ids[21:24]]
    answer(project, rows)
    gold = ids[28:36]
    for number, item in enumerate(gold):
        add_known(project, item, {"intent": choice("bug"), "parts": marked} if number % 2 else {"intent": choice("bug")})
    for number, item in enumerate(gold[:7]):
        said = {"intent": choice("bug" if number else "other"), "parts": nothing if number in (1, 3) else marked}
        answer(project, [(item, ann, said)], purpose="gold")
    for item in ids[:12]:
        suggest(project, item, "bug")
    tasks.open_tasks(project, opened.pipeline.tasks)
    refresh(project, QualityPolicy(label_errors=False))
    pick(project, *ids[:5])
    review(project, ids[0], choice("refund"), reviewer=rev)
    review(project, ids[1], choice("bug"), choice("other"), reviewer=rev)
    review(project, ids[2], choice("other"), reviewer=rev, verdict="reject")
    # A review of a gold item makes it no more labeled than it was.
    review(project, gold[0], choice("bug"), reviewer=rev)
    insert(project, tables.quarantine, {"stage": "collect", "source": "s", "place": "s:1", "reason": "broken", "created_at": 0.0})
    insert(project, tables.quarantine, {"stage": "suggest", "source": "words", "place": "k", "reason": "failed", "created_at": 0.0})

    def change(connection: Connection) -> None:
        connection.execute(sa.update(tables.items).where(tables.items.c.id == ids[39]).values(state="duplicate", duplicate_of=ids[0]))
        rejected = (tables.annotations.c.item_id == ids[23]) & (tables.annotations.c.user_id == ann)
        connection.execute(sa.update(tables.annotations).where(rejected).values(state="rejected"))

    project.database.write(change)
    refresh(project, QualityPolicy(label_errors=False), full=True)
    analytics.keep(project, REQUIREMENTS)
