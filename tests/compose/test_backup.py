"""Backups of the Compose system: by the profile `backup` every day, and by bin/backup."""

from tests.compose.composed import Composed
from tests.support.waiting import wait_for

OLD = "20200101T000000Z.townhall.gz"


def in_volume(system: Composed, *command: str) -> str:
    """Run a command in the container of the profile, as its user."""
    return system.compose("exec", "-T", "backup", *command)


def test_the_profile_makes_a_backup_and_deletes_old_ones(system: Composed) -> None:
    old = ["touch", "-d", "2020-01-01", f"/backups/{OLD}", "/backups/notes.txt"]
    system.compose("run", "--rm", "--no-deps", "-T", "backup", *old)
    system.compose("--profile", "backup", "up", "--detach", "backup")
    try:
        wait_for(lambda: OLD not in in_volume(system, "ls", "/backups"), 60, "the first backup")
        names = in_volume(system, "ls", "/backups").split()
        [made] = [name for name in names if name.endswith(".townhall.gz")]
        assert "notes.txt" in names
        check = ["flask", "--app", "wsgi", "restore", "--check", f"/backups/{made}"]
        in_volume(system, *check)
        [backup] = system.containers("backup")
        assert backup.running
        # Only the application's user may read it.
        assert in_volume(system, "stat", "-c", "%a %U", f"/backups/{made}") == "600 townhall\n"
    finally:
        system.compose("--profile", "backup", "rm", "--stop", "--force", "backup")
