"""The report is one HTML file that is complete in itself, whatever the project holds."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from labelwright.analytics import write_report
from labelwright.analytics.charts import share
from labelwright.analytics.reading import overview
from labelwright.api.figures import CertificateFigures
from labelwright.datasets import certificate
from labelwright.errors import InvalidPipeline
from labelwright.quality import QualityPolicy, refresh
from labelwright.quality.policy import CrossValidate
from labelwright.store.audit import take_look
from labelwright.store.project import Project
from tests.analytics.test_overview import pick, review, suggest
from tests.datasets import labeling
from tests.quality.answers import answer, choice
from tests.rows import add_known, add_texts, add_users

Make = Callable[..., Project]
VOID = {"meta", "br", "link", "img", "hr", "input", "rect", "line", "circle"}


class Page(HTMLParser):
    """Collects tags and attributes, and sees that every element is closed where it was opened."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.links: list[str] = []
        self.told: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attributes if name in ("src", "href", "action", "onclick", "xlink:href")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.told.append(data)


def test_a_whole_report(make_project: Make, tmp_path: Path) -> None:
    """Requirements, certificate, labels, agreement, gold, cross validation, people and machines are told; nothing is loaded or run."""
    project = make_project()
    ann, bob, rev = add_users(project, "<b>ann</b>", "bob", "rev")
    ids = add_texts(project, [f"text {index}" for index in range(60)])
    for index, item in enumerate(ids[:50]):
        suggest(project, item, "bug")
        label = ("refund", "bug")[index % 2]
        other = label if index % 10 else "other"
        answer(project, [(item, ann, {"intent": choice(label)}), (item, bob, {"intent": choice(other)})], assisted=index % 2)
        add_known(project, item, {"intent": choice("bug")}, use="reference")
    for item in ids[50:]:
        add_known(project, item, {"intent": choice("other")})
        answer(project, [(item, ann, {"intent": choice("other")})], purpose="gold")
    policy = QualityPolicy(label_errors=False, cross_validate=CrossValidate(against="old & <new>.csv"))
    refresh(project, policy)
    pick(project, *ids[:40])
    for index, item in enumerate(ids[:40]):
        review(project, item, choice(("refund", "bug")[index % 2]), reviewer=rev)
    path = tmp_path / "out" / "report.html"
    write_report(project, path, requirements=["label_error(intent) <= 10% at 95%", "count(intent='other') >= 1000"])
    text = path.read_text("utf-8")
    page = Page(text)
    assert page.links == []
    assert "script" not in page.tags
    assert "http" not in text.replace("http-equiv", "")
    told = " ".join(page.told)
    with project.database.read() as connection:
        proof = certificate(connection, project).questions["intent"]
    for part in (
        "tickets",
        "✓ yes",
        "✗ no",
        "<b>ann</b>",
        "old & <new>.csv",
        "Certificate",
        "words",
        "Gold",
        f"{proof.bound:.2%}",
        f"{proof.remaining:.2%}",
        "Progress",
    ):
        assert part in told, part
    assert "nan" not in told.lower().split()


@pytest.mark.parametrize(("looks", "says"), [(None, "however often one looks, at most"), (1, "at its one look, at most")])
def test_the_foot_of_a_report_is_true_of_what_stands_above(make_project: Make, tmp_path: Path, looks: int | None, says: str) -> None:
    """It leaves it to the sentence below each bound how often one may look, and that sentence is there, with the labels it is about and
    the 95% that all intervals have; it promises no more than that."""
    project = make_project()
    ids = add_texts(project, [f"text {index}" for index in range(100)])
    (auditor,) = add_users(project, "rita", role="reviewer")
    labeling.declare(project, review={"sample": "40%", "looks": looks})
    labeling.agree(project, dict.fromkeys(ids, "refund"))
    labeling.pick(project, ids[:40])
    for item in ids[:40]:
        labeling.review(project, item, auditor, {"intent": choice("refund")})
    assert project.database.write(lambda connection: take_look(connection, project.id, project.schema)) == (looks == 1)
    write_report(project, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text("utf-8")
    page, _, foot = text.partition("<footer>")
    (row,) = [one for one in Page(text).told if "were wrong before the audit's own repairs" in one]
    assert f"At 95% confidence, {says}" in row
    assert "of the 100 labels were wrong" in row
    assert "holds however often one looks, or at one look, as the sentence below it says" in foot
    assert "about the labels that stand beside it" in foot
    assert "Intervals are at 95% confidence" in foot
    assert {one.confidence for one in certificates_of(project)} == {0.95}
    assert "unless" not in foot
    assert ("at its one look" in page) == (looks == 1)


def certificates_of(project: Project) -> list[CertificateFigures]:
    with project.database.read() as connection:
        return overview(connection, project).certificates


def test_a_report_about_nothing(make_project: Make, tmp_path: Path) -> None:
    """A project without data has a report that says so."""
    project = make_project()
    write_report(project, tmp_path / "report.html", requirements=["alpha(intent) >= 0.7"])
    told = " ".join(Page((tmp_path / "report.html").read_text("utf-8")).told)
    assert "? open" in told
    assert "Nobody has answered yet." in told
    with pytest.raises(InvalidPipeline, match="cannot be read"):
        write_report(project, tmp_path / "report.html", requirements=["make it good"])


def test_shares_never_round_to_all_or_nothing() -> None:
    """What is not quite all is not shown as 100%, and what is not quite nothing not as 0%."""
    assert [share(value) for value in (0.0, 0.001, 0.5, 0.999, 1.0)] == ["0%", "<1%", "50%", ">99%", "100%"]
    assert share(0.99996, 2) == ">99.99%"
