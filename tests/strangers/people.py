"""Adds the people who work in the project of palettes in one process, and prints the token and the session of each."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from labelwright.pipeline.workspace import Workspace
from labelwright.store import people

ROLES = {"Olga": "owner", "Oskar": "owner", "Ada": "annotator", "Grace": "annotator", "Rita": "reviewer"}


def main(folder: Path) -> None:
    workspace = Workspace.open(folder)
    project_id = workspace.project("palettes").project.id
    found = {}
    try:
        for name, role in ROLES.items():

            def add(connection, name=name, role=role):
                user_id = people.create_user(connection, name)
                people.set_role(connection, project_id, user_id, role)
                return [people.create_token(connection, user_id, "test", role=role), people.create_session(connection, user_id, 1.0)]

            found[name] = workspace.database.write(add)
    finally:
        workspace.close()
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
