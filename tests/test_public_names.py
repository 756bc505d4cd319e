"""The outside surface is written down, whole, and what is written down is so."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The script that writes the reference."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_reference_is_what_the_code_says(reference: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every page of docs/reference is what the script makes of the code at this moment, and there is no other page."""
    monkeypatch.setenv("COLUMNS", "110")
    pages = reference.pages()
    assert {path.name for path in reference.FOLDER.iterdir()} == set(pages)
    for name, text in pages.items():
        assert (reference.FOLDER / name).read_text("utf-8") == text, f"{name} is stale. Make it anew: python docs/reference.py"


@pytest.mark.parametrize("name", ["labelwright", "labelwright.client", "labelwright.stats"])
def test_every_public_name_explains_itself(name: str) -> None:
    """Each public function and class has a docstring that ends its first paragraph with a full stop."""
    module = importlib.import_module(name)
    for public in module.__all__:
        member = getattr(module, public)
        text = inspect.getdoc(member) or ""
        assert re.search(r"[.:]$", text.split("\n\n")[0]), f"{name}.{public}"


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "explain").glob("*.md")), ids=lambda page: page.name)
def test_what_the_pages_name_exists(page: Path) -> None:
    """Every `labelwright.dotted.name` and every path of a file below the package that a page names is there."""
    text = page.read_text("utf-8")
    for dotted in set(re.findall(r"`(labelwright(?:\.\w+)+)", text)):
        if dotted in ("labelwright.yaml", "labelwright.db"):
            continue
        head, _, tail = dotted.rpartition(".")
        assert importlib.util.find_spec(dotted.split(".")[0])
        try:
            importlib.import_module(dotted)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(head), tail), dotted
    for path in set(re.findall(r"`([\w/]+/\w+\.py)`", text)):
        assert (ROOT / "src" / "labelwright" / path).exists() or (ROOT / path).exists(), path


def test_the_statistics_have_one_face() -> None:
    """Whatever a package of `labelwright.stats` offers is offered by `labelwright.stats` itself, the same object under the same name."""
    face = importlib.import_module("labelwright.stats")
    folder = Path(str(face.__file__)).parent
    packages = sorted(path.parent.name for path in folder.glob("*/__init__.py"))
    assert {"aggregate", "agreement", "certificates", "control", "fusion", "label_errors", "sampling"} <= set(packages)
    for package in packages:
        # `labelwright.stats.aggregate` is the function, so that the package of this name is reached by importing it. What a method of
        # aggregation returns inside, a `Fit`, is for those who write one.
        for public in set(importlib.import_module(f"labelwright.stats.{package}").__all__) - {"Fit"}:
            assert public in face.__all__, f"{package}.{public}"
            assert getattr(face, public) is getattr(sys.modules[f"labelwright.stats.{package}"], public)
    assert len(set(face.__all__)) == len(face.__all__)


def test_the_statistics_begin_at_once() -> None:
    """Importing them loads neither SciPy nor Numba: each is there when it is needed."""
    code = "import labelwright.stats, sys; print([name for name in ('scipy', 'numba') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_type_checkers_are_told_that_the_package_has_types() -> None:
    """The marker of PEP 561 lies in the package, which `make check` types strictly."""
    assert (ROOT / "src" / "labelwright" / "py.typed").exists()
