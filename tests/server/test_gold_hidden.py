"""Nothing that an annotator can see tells a gold item from another one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import sqlalchemy as sa

from labelwright import tasks
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from labelwright.tasks.opening import SHUFFLED
from tests.rows import add_known, add_texts
from tests.server.site import Site, served, submit

ITEMS = 700
ANSWERED = 350
WORDS = ["the", "a", "parcel", "arrived", "late", "broken", "refund", "please", "help", "account", "login", "error", "screen", "blue"]


@pytest.fixture
def gold_site(tmp_path: Path) -> Iterator[Site]:
    """A served project with gold at 20%."""

    def with_gold(pipeline: str) -> str:
        return pipeline.replace("gold: 0%", "gold: 20%")

    with served(tmp_path, f"sqlite:///{tmp_path}/labelwright.db", pipeline=with_gold, secret="the same") as site:
        yield site


def _collect(site: Site, gold: int, layout: str = "among") -> None:
    """Collect items, named in their order, with gold ones among them; or with gold ones behind them, from a file of their own."""
    draw = random.Random(7)
    opened = site.tickets
    texts = [" ".join(draw.choices(WORDS, k=draw.randint(3, 30))) for _ in range(ITEMS)]
    keys = list(range(ITEMS))
    if layout == "apart":
        # Their keys say nothing here. Where a team names them by another pattern, these tell.
        draw.shuffle(keys)
    numbers = add_texts(opened.project, texts)

    def rename(connection: sa.Connection) -> None:
        for number, key in zip(numbers, keys, strict=True):
            connection.execute(sa.update(tables.items).where(tables.items.c.id == number).values(key=f"ticket {key}"))

    opened.project.database.write(rename)
    for number in numbers[-gold:] if layout == "apart" else draw.sample(numbers, gold):
        add_known(opened.project, number, {"intent": Choice("refund")})
    tasks.open_tasks(opened.project, opened.pipeline.tasks)
    opened.project.database.write(_draw_again)


def _draw_again(connection: sa.Connection) -> None:
    """Draw the random order anew, by a seed, so that it is the same in every run; an order that is not random stays as it is."""
    draw, table = random.Random(5), tables.tasks
    for number, rank in connection.execute(sa.select(table.c.id, table.c.rank).order_by(table.c.id)).all():
        if rank >= SHUFFLED:
            connection.execute(sa.update(table).where(table.c.id == number).values(rank=SHUFFLED + draw.randrange(SHUFFLED)))


def _size(answer: httpx.Response) -> int:
    return len(answer.content)


def _play(site: Site, browser: httpx.Client) -> tuple[list[list[float]], list[bool]]:
    """Answer, look back, comment, give back and pass on as people do, and return what was to be seen of each item, and which were gold."""
    draw = random.Random(11)
    with site.workspace.database.read() as connection:
        gold = {site.outside(number) for number in connection.scalars(sa.select(tables.known_answers.c.item_id))}
    seen: list[list[float]] = []
    is_gold: list[bool] = []
    task: dict[str, Any] | None = site.held(browser)
    before = [0.0] * 3
    while task is not None and len(seen) < ANSWERED:
        if draw.random() < 0.1:
            back = browser.post(f"/api/tasks/{task['id']}/release", json={})
            assert back.json() == {}
            again = site.held(browser)
            task = again
        item = task["item"]
        place = [float(item["id"]), float(task["id"]), float(item["key"].split()[1])]
        comments = browser.get(f"/api/items/{item['id']}/comments")
        beat = browser.post(f"/api/tasks/{task['id']}/heartbeat", json={"lease": task["lease"]})
        if draw.random() < 0.05:
            answer = browser.post(f"/api/tasks/{task['id']}/skip", json={"reason": "unclear"})
            sizes = [0.0, 0.0, 0.0]
        else:
            answer = submit(browser, task)
            looked = browser.get(f"/api/tasks/{task['id']}")
            mine = browser.get("/api/projects/tickets/annotations/mine?limit=1").json()[0]
            sizes = [float(answer.json()["annotation_id"] - len(seen)), float(len(looked.json())), float(len(str(mine["state"])))]
        text = len(item["data"]["body"]["text"])
        moved = [one - other for one, other in zip(place, before, strict=True)]
        counted = [float(len(task)), float(len(item)), float(len(task["lease"])), float(len(task["suggestions"])), task["lease_seconds"]]
        seen.append([*place, *moved, text, *counted, *sizes, float(_size(comments)), float(_size(beat)), float(answer.status_code)])
        is_gold.append(item["id"] in gold)
        before = place
        task = answer.json()["next"]
    return seen, is_gold


def _interval(scores: np.ndarray[Any, Any], truth: np.ndarray[Any, Any]) -> tuple[float, float]:
    """The 99% interval of the area under the curve, by Hanley and McNeil (Radiology 143, 1982)."""
    from sklearn.metrics import roc_auc_score

    area = float(roc_auc_score(truth, scores))
    ones, others = int(truth.sum()), int((1 - truth).sum())
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (ones - 1) * (first - area**2) + (others - 1) * (second - area**2)) / (ones * others)
    half = 2.576 * variance**0.5
    return area - half, area + half


@pytest.mark.parametrize("layout", ["among", "apart"])
def test_no_classifier_finds_the_gold_items(gold_site: Site, layout: str) -> None:
    """From numbers, keys, order, sizes and what each request answers, gold items are found no better than by chance."""
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random.seed(3)  # what the queue draws by
    _collect(gold_site, gold=100, layout=layout)
    seen, is_gold = _play(gold_site, gold_site.browser(gold_site.person()))
    found, truth = np.array(seen), np.array(is_gold, dtype=int)
    assert len(found) == ANSWERED
    assert 30 < truth.sum() < 101
    # What is learned from one half is tried on the other: pooled scores of several folds are worse than chance where there is nothing.
    learned, tried, its_truth, truth = train_test_split(found, truth, test_size=0.5, random_state=1, stratify=truth)
    for model in (make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)), GradientBoostingClassifier(random_state=0)):
        scores = model.fit(learned, its_truth).predict_proba(tried)[:, 1]
        low, high = _interval(scores, truth)
        assert low <= 0.5 <= high, (model, low, high)


def test_a_gold_item_that_is_given_back_comes_back(gold_site: Site) -> None:
    """Whoever gives an item back and asks again gets it again, gold or not, with the draft; one that was passed on never returns."""
    random.seed(3)
    _collect(gold_site, gold=100)
    with gold_site.workspace.database.read() as connection:
        gold = {gold_site.outside(number) for number in connection.scalars(sa.select(tables.known_answers.c.item_id))}
    browser = gold_site.browser(gold_site.person())
    task = gold_site.held(browser)
    while task["item"]["id"] not in gold:
        task = submit(browser, task).json()["next"]
    browser.put(f"/api/tasks/{task['id']}/draft", json={"lease": task["lease"], "sequence": 1, "body": "half"})
    browser.post(f"/api/tasks/{task['id']}/release", json={})
    again = gold_site.held(browser)
    assert (again["id"], again["item"]["id"], again["draft"]["body"]) == (task["id"], task["item"]["id"], "half")
    following = browser.post(f"/api/tasks/{again['id']}/skip", json={"reason": "unclear"}).json()["next"]
    met = set()
    for _ in range(150):
        met.add(following["item"]["id"])
        following = submit(browser, following).json()["next"]
    assert task["item"]["id"] not in met


def test_no_count_of_the_project_tells_what_was_gold(gold_site: Site) -> None:
    """How far a project is moves with answers that are asked of several people and not with those to gold, so annotators are not told."""
    random.seed(3)
    _collect(gold_site, gold=100)
    with gold_site.workspace.database.read() as connection:
        gold = {gold_site.outside(number) for number in connection.scalars(sa.select(tables.known_answers.c.item_id))}
    browser, owner = gold_site.browser(gold_site.person()), gold_site.browser(gold_site.person("owner"))
    gold_site.keep_figures()
    task = gold_site.held(browser)
    moved: dict[bool, set[bool]] = {True: set(), False: set()}
    told = {browser.get("/api/projects").text}
    before = owner.get("/api/projects").json()
    while not all(moved.values()):
        submitted = submit(browser, task).json()
        gold_site.keep_figures()
        after = owner.get("/api/projects").json()
        moved[task["item"]["id"] in gold].add(after[0]["open_tasks"] != before[0]["open_tasks"])
        told.add(browser.get("/api/projects").text)
        task, before = submitted["next"], after
    assert moved == {True: {False}, False: {True}}
    assert len(told) == 1


def _numbers(value: Any) -> Iterator[int]:
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _numbers(one)
    elif isinstance(value, int):
        yield value


def test_nothing_that_an_annotator_gets_names_an_item_by_its_number_in_the_store(gold_site: Site) -> None:
    """Items are stored in the order of their files, gold often last, so that the number in the store is said nowhere: not with a comment,
    a draft, an answer or a refusal either."""
    random.seed(3)  # what the queue draws by
    _collect(gold_site, gold=100)
    browser = gold_site.browser(gold_site.person())
    task = gold_site.held(browser)
    item, place = task["item"]["id"], f"/api/tasks/{task['id']}"
    with gold_site.workspace.database.read() as connection:
        numbers = {gold_site.outside(number): number for number in connection.scalars(sa.select(tables.items.c.id))}
        stored = {numbers[item], gold_site.inside(task["id"])}
    said = [
        browser.post(f"/api/items/{item}/comments", json={"text": "what is this"}),
        browser.get(f"/api/items/{item}/comments"),
        browser.get(place),
        browser.put(f"{place}/draft", json={"lease": task["lease"], "sequence": 70_001, "body": "half"}),
        browser.post(f"{place}/heartbeat", json={"lease": "another"}),
        browser.post("/api/projects/tickets/tasks/next", json={"count": 1}),
        submit(browser, task, {"intent": {"kind": "choice", "label": "none of them"}}),
        submit(browser, task),
        submit(browser, task),
        browser.get(place),
        browser.get("/api/projects/tickets/annotations/mine"),
    ]
    assert [one.status_code for one in said] == [200, 200, 200, 200, 409, 200, 422, 200, 409, 200, 200]
    for answer in said:
        told = answer.json()
        assert not stored & set(_numbers(told)), (str(answer.request.url), told)
