"""Builds the page into the package: `python build_page.py`, and by itself when a wheel or a source distribution is made.

With LABELWRIGHT_SKIP_PAGE=1 nothing is built, as for an editable install. A source distribution contains the built page, so that a wheel
made from it needs no Node.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
SKIP = "LABELWRIGHT_SKIP_PAGE"


class CannotBuild(Exception):
    """The page cannot be built here; the message says what is missing."""


def build(root: Path = ROOT) -> None:
    """Install what the page is built with, and build it into `src/labelwright/web`."""
    npm = shutil.which("npm")
    if npm is None:
        raise CannotBuild(
            f"Building the page needs Node >= 20.19 with npm, and there is no npm. Install it, or set {SKIP}=1 to go without."
        )
    ui = root / "ui"
    for command in (
        [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"],
        [npm, "run", "build", "--silent", "--", "--logLevel", "warn"],
    ):
        if subprocess.run(command, cwd=ui).returncode:
            raise CannotBuild(f"'{' '.join(['npm', *command[1:]])}' failed in {ui}; what it said stands above.")


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:
    # Run as a program, outside of a build.
    pass
else:

    class PageHook(BuildHookInterface):  # type: ignore[type-arg]  # hatchling's own hooks leave it out too
        """Builds the page before the files of a wheel or source distribution are gathered."""

        PLUGIN_NAME = "custom"

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            """Build, unless told not to, or the page is there and its sources are not."""
            root = Path(self.root)
            built = (root / "src" / "labelwright" / "web" / "index.html").is_file()
            if version == "editable" or os.environ.get(SKIP) or (built and not (root / "ui" / "package.json").is_file()):
                return
            try:
                build(root)
            except CannotBuild as error:
                self.app.abort(str(error))


if __name__ == "__main__":
    try:
        build()
    except CannotBuild as error:
        sys.exit(str(error))
