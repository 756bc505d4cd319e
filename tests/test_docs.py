"""The documentation says what is true: its examples run, its commands and files exist."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from labelwright import plugins
from labelwright.pipeline import _yaml
from labelwright.pipeline.declare import Pipeline

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_python_examples_run(page: Path) -> None:
    """Every Python block of a page runs, and its assertions hold."""
    for block in _blocks(page, "python"):
        exec(compile(block, str(page), "exec"), {"__name__": "example"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pipeline_examples_are_pipelines(page: Path, tmp_path: Path) -> None:
    """Every YAML block of a page is a whole pipeline file without a mistake."""
    for block in _blocks(page, "yaml"):
        path = tmp_path / "labelwright.yaml"
        path.write_text(block, "utf-8")
        data, _ = _yaml.load(path)
        msgspec.convert(data, Pipeline).check()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_and_files_exist(page: Path) -> None:
    """Every verb named as `labelwright VERB`, every make target, and every linked file of a page exists."""
    text = page.read_text("utf-8")
    verbs = set(re.findall(r"(?:^|`)labelwright ([a-z]+)\b", text, re.MULTILINE))
    assert verbs <= set(plugins.names("verbs"))
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"`make ([a-z-]+)`", text):
        assert re.search(rf"^[^\t#\n]*\b{re.escape(target)}\b[^\n]*:", makefile, re.MULTILINE), target
    for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (page.parent / link).exists(), link


def test_every_verb_is_in_the_help() -> None:
    """`labelwright --help` lists every verb with a sentence, and each verb explains itself."""
    for name in plugins.names("verbs"):
        assert plugins.summary("verbs", name).endswith(".")


@pytest.mark.parametrize("folder", ["stats", "schema", "store", "pipeline", "checks"])
def test_docstring_examples_run(folder: str) -> None:
    """Every example in a docstring gives what it says."""
    import doctest
    import importlib

    failures = []
    for path in sorted((ROOT / "src" / "labelwright" / folder).rglob("*.py")):
        if "migrations" in path.parts or path.stem == "_compiled":
            continue
        name = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
        result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
        if result.failed:
            failures.append(name)
    assert failures == []
