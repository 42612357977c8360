"""Small disks, and other files under /etc, that only this process and its children see."""

import ctypes
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNS = 0x00020000


def have_own_mounts() -> bool:
    """Give this thread and what it starts a mount namespace; return False without the right to.

    What is mounted in it ends with the last of these processes.
    """
    if os.geteuid() or ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        return False
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    return True


class SmallDisk:
    """An empty disk of `mebibytes` at `folder`, which must exist. Needs `have_own_mounts`."""

    def __init__(self, folder: Path, mebibytes: int) -> None:
        self.folder = folder
        self._size = f"size={mebibytes}m"

    def __enter__(self) -> "SmallDisk":
        subprocess.run(["mount", "-t", "tmpfs", "-o", self._size, "disk", self.folder], check=True)
        return self

    def __exit__(self, *_: object) -> None:
        subprocess.run(["umount", "--lazy", self.folder], check=True)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no byte on the disk inside the block."""
        disk, filler = os.statvfs(self.folder), self.folder / "filler"
        try:
            with filler.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize)
            yield
        finally:
            filler.unlink()


def in_place_of(files: Mapping[str, Path]) -> list[str]:
    """Return the prefix of a command that sees `files` in place of those of the system.

    A later change of their content shows as well.
    """
    mounts = [f"mount --bind '{file}' '{Path(name).resolve()}'" for name, file in files.items()]
    return ["unshare", "--mount", "sh", "-c", " && ".join([*mounts, 'exec "$@"']), "sh"]
