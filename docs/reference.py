"""Writes the pages of `docs/reference` from the code: `python docs/reference.py`. A test fails while one of them is stale."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import inspect
import io
import os
import re
import tempfile
from pathlib import Path
from typing import Any

from labelwright import plugins

FOLDER = Path(__file__).parent / "reference"
MODULES = ["labelwright", "labelwright.client", "labelwright.stats"]
PIPELINE = """\
name: any
sources: [rows.jsonl]
schema: {data: {body: text}, questions: {mood: {kind: choice, of: body, options: [good, bad]}}}
"""


def pages() -> dict[str, str]:
    """Return every page of the reference by its file name."""
    return {
        "a-package.md": package(),
        "commands.md": commands(),
        "figures.md": figures(),
        "http.md": http(),
        "pipeline.md": pipeline(),
        "plugins.md": plugged(),
        "python.md": python(),
        "settings.md": settings(),
    }


def commands() -> str:
    """Return the help of every verb."""
    # The width of the terminal must not show in the page.
    os.environ["COLUMNS"] = "110"
    parts = ["# Commands", "Exit codes: 0 where all holds, 1 where something does not hold, 2 for wrong usage or input."]
    for name in plugins.names("verbs"):
        module: Any = plugins.load("verbs", name)
        description = (module.__doc__ or "").strip()
        parser = argparse.ArgumentParser(
            prog=f"labelwright {name}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.arguments(parser)
        parts.append(f"## {name}\n\n```text\n{parser.format_help().strip()}\n```")
    return _page(parts)


def figures() -> str:
    """Return every figure that is shown, with its definition."""
    from labelwright.analytics.glossary import GLOSSARY

    parts = [
        "# Figures",
        "Each figure has one name and one definition and is computed by one function, so that it is the same wherever it is shown.",
        (
            "Pages show what the background work has counted last, a few seconds after an answer, and say as of when. Models and reports "
            "of quality (consensus, agreement, skills) are made again where a twentieth of the answers is new; `check`, `export`, "
            "`version` and `run` count every answer first."
        ),
    ]
    for one in GLOSSARY:
        told = [("counts", one.counts), ("over", one.over), ("interval", one.interval), ("assumes", one.assumes)]
        told += [("shown", one.shown), ("computed by", f"`{one.by}`")]
        parts.append("\n".join([f"## {one.title}", "", f"`{one.name}`", "", *(f"- {name}: {text}" for name, text in told)]))
    return _page(parts)


def http() -> str:
    """Return every route of the HTTP interface with its first sentence, the role that it needs and its parameters."""
    from labelwright.pipeline.workspace import Workspace
    from labelwright.server.access import PERMISSIONS
    from labelwright.server.app import create_app

    rows = []
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "labelwright.yaml").write_text(PIPELINE, "utf-8")
        workspace = Workspace.open(Path(folder))
        try:
            app = create_app(workspace)
            described = app.openapi_schema.to_schema()["paths"]
            needed = {
                (method, route.path_format): str(handler.opt.get("permission", ""))
                for route in app.routes
                for handler in getattr(route, "route_handlers", ())
                for method in getattr(handler, "http_methods", ())
            }
        finally:
            workspace.close()
    for path, methods in sorted(described.items()):
        for method, operation in methods.items():
            permission = needed.get((method.upper(), path), "")
            who = PERMISSIONS.get(permission) or permission.replace("_", " ")
            queries = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
            about = (operation.get("description") or "").strip().split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
            asked = f" Parameters: {', '.join(f'`{name}`' for name in queries)}." if queries else ""
            rows.append(f"| {method.upper()} | `{path}` | {who} | {about}{asked} |")
    table = "\n".join(["| method | path | least role | what it does |", "|---|---|---|---|", *rows])
    return _page(["# HTTP", "The whole description, with every shape, is served as OpenAPI 3.1 at `/api/openapi.json`.", table])


REQUIREMENTS = """
    Each line of `requirements` is a metric, compared with a number: `count(intent='refund') >= 500`. Without a question it has to hold
    for every one; only `count` and `share` take a label. It holds, fails, or lacks the evidence.

    With `at 95%` the bound has to hold at this confidence, and not the measured value alone: `label_error(intent) <= 2% at 95%`.

    A bound on `alpha` or `agreement` says what it speaks of: `alpha(intent) >= 0.7 at 95% by annotators` is a claim about other people
    than these, and takes at least three of them; `by items` is one about other items that these people judge. What holds by items says
    little about new people.
"""


def pipeline() -> str:
    """Return every block of the pipeline file with its keys, their types and their defaults."""
    from labelwright.pipeline.declare import json_schema
    from labelwright.pipeline.keys import RENAMED, RESERVED
    from labelwright.schema.requirement import METRICS

    document = json_schema()
    definitions = document["$defs"]
    parts = ["# The pipeline file", "`labelwright schema` prints the same as a JSON Schema for editors."]
    order = ["Pipeline", *sorted(name for name in definitions if name != "Pipeline")]
    for name in order:
        definition = definitions[name]
        if definition.get("type") != "object" or "properties" not in definition:
            continue
        required = set(definition.get("required", ()))
        rows = ["| key | what it is | by default |", "|---|---|---|"]
        for key, value in definition["properties"].items():
            default = "required" if key in required else f"`{_plain(value['default'])}`" if "default" in value else ""
            about = f"{_type(value)}{': ' + value['description'] if value.get('description') else ''}".replace("|", "\\|").replace(
                "\n", " "
            )
            rows.append(f"| `{key}` | {about} | {default} |")
        parts += [f"## {name}", _prose(definition.get("description", "")), "\n".join(rows)]
    older = "\n".join(["| before | now |", "|---|---|", *(f"| `{old}` | `{new}` |" for old, new in RENAMED.items())])
    later = "\n".join(["| key | why it is refused |", "|---|---|", *(f"| `{key}` | {why} |" for key, why in RESERVED.items())])
    parts += ["## Requirements", inspect.cleandoc(REQUIREMENTS)]
    parts += ["\n".join(["| metric | what it measures |", "|---|---|", *(f"| `{name}` | {what} |" for name, what in METRICS.items())])]
    parts += ["## Older spellings", "They are read as before; `labelwright doctor` names the new ones.", older]
    parts += ["## Reserved keys", "A later version will have them. This one refuses them and says why.", later]
    return _page(parts)


def plugged() -> str:
    """Return every plugin that comes with the package, by group."""
    parts = ["# What can be plugged in", "A plugin is a file in the folder, or an entry point in the group `labelwright.<folder>`."]
    for group, (folder, _, defines) in plugins.GROUPS.items():
        if group != "verbs":
            rows = "\n".join(f"| `{name}` | {plugins.summary(group, name)} |" for name in plugins.names(group))
            told = f"Each defines {', '.join(f'`{one}`' for one in defines)}."
            parts += [f"## {group}, in `{folder}/`", told, f"| name | what it is |\n|---|---|\n{rows}"]
    return _page(parts)


def package() -> str:
    """Return a whole package that adds a modality, a source, a format, a labeler, a check and a kind: the one that the tests install."""
    root = Path(__file__).parents[1] / "tests" / "strangers"
    (declared,) = root.glob("*.dist-info/entry_points.txt")
    told = [
        ("The modality: its value", "palette.py"),
        ("Its files", "palette_files.py"),
        ("Its viewer on the page", "palette.js"),
        ("A kind of answer", "stars.py"),
        ("How it is answered and shown on the page", "stars.js"),
        ("A source", "rec_reader.py"),
        ("A format", "rec_format.py"),
        ("A labeler", "warmth.py"),
        ("A check", "dull_favourite.py"),
    ]
    parts = [
        "# A package of your own",
        """This package adds palettes of colors, without a line of Labelwright changed. The tests install it and take it through
the whole product, so what stands here works. Copy what you need and rename it.

1. Write the files. Each names its value or has its functions as the folders of Labelwright say in their first lines.
2. Name them as entry points, as below. In a `pyproject.toml` such a group is written `[project.entry-points."labelwright.kinds"]`.
3. Install the package beside Labelwright and see whether `labelwright plugins` lists it.
4. Run the conformance suites of `tests/conformance` there. They find your plugins and try them as they try ours. A test of your own imports
   `labelwright.schema` before a kind or a modality of yours, for that is where they are gathered.

A kind and a modality have a module for the page beside their file, with the same name and the ending `.js`. It exports a function by
default, which is handed what the page offers and returns an object as `ui/src/kinds/kind.ts` or `ui/src/viewers/viewer.ts` says. Where
those have a component, it has a function that draws into an element: it is called anew whenever something changes, or returns an object
with `update` and `destroy`. A module is one file: it imports nothing, or has been bundled. It runs under the page's policy, so it writes no
style as text and loads nothing from elsewhere. It runs with the rights of whoever looks at the page: install what you trust. Without a
module, answers and fields are shown as plain values.""",
        f"## The entry points\n\n```ini\n{declared.read_text('utf-8').strip()}\n```",
    ]
    for title, name in told:
        text = (root / "labelwright_palettes" / name).read_text("utf-8").strip()
        parts.append(f"## {title}\n\n`labelwright_palettes/{name}`\n\n```{name.rpartition('.')[2]}\n{text}\n```")
    return _page(parts)


def python() -> str:
    """Return the public names of the package with their signatures and docstrings."""
    parts = ["# Python"]
    for name in MODULES:
        module = importlib.import_module(name)
        parts += [f"## {name}", _prose(inspect.getdoc(module) or "")]
        for public in sorted(module.__all__):
            member = getattr(module, public)
            parts += _described(f"{name}.{public}", member)
    return _page(parts)


def settings() -> str:
    """Return every environment variable."""
    from labelwright.settings import Settings

    rows = "\n".join(
        f"| `LABELWRIGHT_{name.upper()}` | {field.description} | `{field.default!r}` |" for name, field in Settings.model_fields.items()
    )
    return _page(["# Settings of a machine", f"| variable | meaning | by default |\n|---|---|---|\n{rows}"])


def _described(path: str, member: Any) -> list[str]:
    text = inspect.getdoc(member) or ""
    if inspect.isclass(member) and text.startswith(f"{member.__name__}("):
        text = ""
    lines = [f"### {path}"]
    if callable(member):
        with contextlib.suppress(ValueError, TypeError):
            lines.append(f"```py\n{_signature(path.rpartition('.')[2], member)}\n```")
    lines.append(_prose(text))
    if inspect.isclass(member):
        for name, value in vars(member).items():
            if name.startswith("_") or not (inspect.isfunction(value) or isinstance(value, property)):
                continue
            about = _prose((inspect.getdoc(value) or "").split("\n\n")[0]).replace("\n", " ")
            if about:
                shown = _signature(name, value) if inspect.isfunction(value) else name
                lines.append(f"- `{shown}`: {about}")
    return lines


def _signature(name: str, member: Any) -> str:
    shown = re.sub(r"<(?:function|class|object) ?'?([\w.<>]*)[^>]*>", r"\1", str(inspect.signature(member)))
    return re.sub(r"'([\w\[\], .|]+)'(?=[,)=]| =| ->|$)", r"\1", f"{name}{shown}")


def _prose(text: str) -> str:
    """Set examples in a block, lists of arguments and errors as they stand."""
    out = io.StringIO()
    example = False
    for line in inspect.cleandoc(text).splitlines():
        if line.lstrip().startswith(">>>") and not example:
            out.write("```text\n")
            example = True
        elif example and not line.strip():
            out.write("```\n")
            example = False
        out.write(re.sub(r"\[([\w.]+)\]\[\]", r"`\1`", line) + "\n")
    if example:
        out.write("```\n")
    return re.sub(r"^(Args|Returns|Raises):$", r"*\1*\n", out.getvalue(), flags=re.MULTILINE).strip()


def _type(value: dict[str, Any]) -> str:
    if "$ref" in value:
        return str(value["$ref"]).rpartition("/")[2]
    for word in ("anyOf", "oneOf"):
        if word in value:
            return " or ".join(dict.fromkeys(_type(one) for one in value[word]))
    if "enum" in value:
        return " or ".join(map(str, value["enum"]))
    if "const" in value:
        return str(value["const"])
    if value.get("type") == "array":
        return f"list of {_type(value.get('items', {}))}"
    return {"object": "mapping", "null": "nothing"}.get(str(value.get("type", "any")), str(value.get("type", "any")))


def _plain(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


def _page(parts: list[str]) -> str:
    note = "<!-- Made by docs/reference.py from the code: change the code, not this page. -->"
    return "\n\n".join([note, *(part for part in parts if part)]).rstrip() + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file, text in pages().items():
        (FOLDER / file).write_text(text, "utf-8")
