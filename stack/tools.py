"""Find the programs that the stack needs from the system."""

import os
import shutil

# Debian installs servers where the PATH of an ordinary user does not look.
SYSTEM_FOLDERS = ["/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/usr/local/libexec"]

DATABASE = ("mariadbd", "mysqld")
REDIS = ("redis-server", "valkey-server")
NGINX = ("nginx",)


class MissingToolsError(Exception):
    """Programs are missing; the message names them and says what to do."""


def find(names: tuple[str, ...]) -> str | None:
    """Return the path of the first of `names` that is installed, or None."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *SYSTEM_FOLDERS])
    return next((found for name in names if (found := shutil.which(name, path=path))), None)


def require(names: tuple[str, ...]) -> str:
    """Return the path of the first of `names` that is installed, or raise MissingToolsError."""
    require_all([names])
    return find(names) or names[0]


def require_all(tools: list[tuple[str, ...]]) -> None:
    """Check that one program of each group is installed.

    Raises:
        MissingToolsError: programs are missing; it names all of them at once.
    """
    if missing := [" or ".join(names) for names in tools if not find(names)]:
        raise MissingToolsError(
            f"Missing: {', '.join(missing)}. On Debian and Ubuntu `make tools` installs them."
        )
