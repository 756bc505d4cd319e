"""One value is one class: no two classes share a name, and no two say the same thing."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections import defaultdict

import pytest
from msgspec import Struct
from msgspec.structs import fields

import labelwright

CONTRACT = "Options"
"""What may be set of a plugin is called so in every plugin's module: that is the contract, by which it is found."""


@pytest.fixture(scope="module")
def classes() -> list[type]:
    """Every public class of the package, where it is defined."""
    names = [module.name for module in pkgutil.walk_packages(labelwright.__path__, "labelwright.")]
    modules = [importlib.import_module(name) for name in names if ".migrations" not in name and not name.endswith("__main__")]
    return [
        found
        for module in modules
        for name, found in vars(module).items()
        if inspect.isclass(found) and found.__module__ == module.__name__ and found.__name__ == name and not name.startswith("_")
    ]


def test_no_two_classes_have_one_name(classes: list[type]) -> None:
    """A name stands for one class in the whole package, but for the `Options` of plugins; and none is called `Row`, which says nothing."""
    homes: dict[str, list[str]] = defaultdict(list)
    for one in classes:
        homes[one.__name__].append(one.__module__)
    assert len(homes) > 300
    assert {name: where for name, where in homes.items() if len(where) > 1 and name != CONTRACT} == {}
    assert "Row" not in homes


def test_no_two_structs_say_the_same(classes: list[type]) -> None:
    """No two structs have the same tag and the same fields with the same types: where one is the other, it is that class."""
    same: dict[object, list[str]] = defaultdict(list)
    structs = [one for one in classes if issubclass(one, Struct) and one.__name__ != CONTRACT and one.__struct_fields__]
    for one in structs:
        content = frozenset((field.name, str(field.type)) for field in fields(one))
        same[one.__struct_config__.tag, content].append(f"{one.__module__}.{one.__name__}")
    assert len(structs) > 150
    assert [names for names in same.values() if len(names) > 1] == []
