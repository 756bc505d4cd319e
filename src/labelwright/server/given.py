"""What a handler is given besides its request, by the name of the argument."""

from __future__ import annotations

from typing import Any

import litestar
from litestar.datastructures import State
from litestar.di import NamedDependency

from labelwright.pipeline import workspace
from labelwright.server import access
from labelwright.settings import Settings

__all__ = ["Access", "AccessControl", "Options", "Request", "Workspace"]

Access = NamedDependency[access.Access]
AccessControl = NamedDependency[access.AccessControl]
Options = NamedDependency[Settings]
Workspace = NamedDependency[workspace.Workspace]
Request = litestar.Request[Any, Any, State]
