"""Manage people: list, add, give roles, make sign-in links and tokens for programs, list and revoke tokens, let out.

A new person gets a one-time link, signs in with it and chooses a password. Tokens are for programs; each is shown once. They end with the
time that they were given, with a new password, and when their owner is let in no more.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from labelwright.cli import _output

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from labelwright.store.database import Database

ROLES = ("annotator", "reviewer", "manager", "owner")


def arguments(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str, *, user: bool = True) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("dir", metavar="DIR", help="the folder of the project or workspace")
        if user:
            made.add_argument("name", metavar="NAME", help="the person")
        _output.add_project(made)
        _output.add_json(made)
        return made

    command("list", "List everybody with their roles.", user=False)
    command("add", "Add somebody and print a sign-in link.").add_argument(
        "--role", choices=ROLES, default="annotator", help="what the person may do (default: annotator)"
    )
    command("role", "Give somebody a role, in one project or in all.").add_argument("role", choices=[*ROLES, "none"])
    command("link", "Print a new sign-in link, for somebody who forgot the password.")
    token = command("token", "Make a token for a program of somebody's and print it.")
    token.add_argument("--role", choices=ROLES, default="annotator", help="the most that the token may do (default: annotator)")
    token.add_argument("--days", type=float, default=90.0, help="how long it lasts (default: 90)")
    command("tokens", "List everybody's tokens, without their secrets.", user=False)
    revoke = command("revoke", "Make a token void, from this moment on.", user=False)
    revoke.add_argument("token", metavar="NUMBER", type=int, help="the token's number, as `labelwright users tokens` lists it")
    command("out", "Let somebody in no more; the answers stay.")


def run(options: argparse.Namespace) -> int:
    from labelwright.server.alone import address_of
    from labelwright.settings import settings
    from labelwright.store import people

    with _output.opened_workspace(options.dir) as workspace:
        database = workspace.database
        if options.command == "list":
            with database.read() as connection:
                users = people.list_users(connection)
            if options.json:
                _output.print_json(users)
            else:
                rows = [
                    (user.name, "yes" if user.active else "no", ", ".join(f"{name}: {role}" for name, role in user.roles.items()))
                    for user in users
                ]
                print(_output.table(rows, header=["name", "active", "roles"]))
            return 0
        if options.command == "tokens":
            _list_tokens(database, workspace.project(options.project).project.id if options.project else None, as_json=options.json)
            return 0
        if options.command == "revoke":
            database.write(partial(people.delete_token, token_id=options.token))
            print(json.dumps({"revoked": options.token}) if options.json else "done")
            return 0
        projects = [workspace.project(options.project)] if options.project else list(workspace.projects.values())
        numbers = [opened.project.id for opened in projects]
        secret = database.write(partial(_change, options=options, projects=numbers))
        address = address_of(database) or f"http://localhost:{settings().port}"
    if options.json:
        _output.print_json({"name": options.name, "secret": secret, **({"role": options.role} if "role" in options else {})})
    elif secret and options.command == "token":
        print(secret, flush=True)
        # Beside the secret, which a program may read alone.
        print(f"For {options.days:g} days it may do what {_a(options.role)} may, and no more than {options.name}.", file=sys.stderr)
    elif secret:
        print(f"{options.name} signs in, once, at: {address}/#/welcome/{secret}")
    else:
        print("done")
    return 0


def _list_tokens(database: Database, project_id: int | None, *, as_json: bool) -> None:
    from labelwright.store import people

    with database.read() as connection:
        tokens = people.list_tokens(connection, project_ids=None if project_id is None else [project_id])
    if as_json:
        _output.print_json(tokens)
        return
    rows = [
        (
            str(token.id),
            token.user,
            token.name,
            token.role,
            token.project or "all",
            time.strftime("%Y-%m-%d", time.gmtime(token.expires_at)),
        )
        for token in tokens
    ]
    print(_output.table(rows, header=["number", "person", "name", "role", "project", "ends"]))


def _a(role: str) -> str:
    return f"{'an' if role[0] in 'ao' else 'a'} {role}"


def _change(connection: Connection, options: argparse.Namespace, projects: list[int]) -> str | None:
    from labelwright.errors import NotFound
    from labelwright.store import people

    link = partial(people.create_token, connection, name="invitation", role="owner", purpose="sign_in", seconds=people.SIGN_IN_LINK_SECONDS)
    if options.command == "add":
        user_id = people.create_user(connection, options.name)
        for project_id in projects:
            people.set_role(connection, project_id, user_id, options.role)
        return link(user_id)
    found = people.find_user(connection, options.name)
    if found is None:
        raise NotFound(f"There is nobody named '{options.name}'.", hint="See: labelwright users list DIR")
    if options.command == "role":
        for project_id in projects:
            people.set_role(connection, project_id, found[0], None if options.role == "none" else options.role)
        return None
    if options.command == "out":
        people.set_active(connection, found[0], False)
        return None
    if options.command == "link":
        people.void_password(connection, found[0])
        return link(found[0])
    only = projects[0] if options.project else None
    return people.create_token(connection, found[0], "command line", role=options.role, project_id=only, seconds=options.days * 24 * 3600)
