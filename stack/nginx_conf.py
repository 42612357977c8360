"""Adapt this repository's nginx.conf to one machine: addresses and paths, nothing else."""

import hashlib
import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from stack.ports import LOOPBACK
from stack.process import ROOT


def localized(
    *,
    port: int,
    web: Sequence[int],
    realtime: Sequence[int],
    folder: Path,
    root: Path = ROOT,
    trusted_proxies: int = 1,
    json_log: bool = False,
) -> str:
    """Return the text of nginx.conf that listens on `port` of loopback, with these upstream ports.

    Temporary files go to `folder`, static files come from `root`/static. `trusted_proxies` counts
    this nginx as well, as TRUSTED_PROXIES does.

    Raises:
        ValueError: a line to replace is missing, so the file and this function no longer match.
    """
    text = (ROOT / "nginx.conf").read_text()
    # Older versions of nginx cannot re-resolve names; literal addresses need no resolver.
    text = _replaced(text, r"^.*\bresolver .*\n", lambda _: "")
    text = _replaced(text, r"^( +)server web:8000 resolve (.*);\n", _servers(web))
    text = _replaced(
        text, r"^( +)server realtime:5000 resolve (.*);\n", _servers(realtime), times=4
    )
    text = _replaced(text, r"\blisten 80\b", lambda _: f"listen {LOOPBACK}:{port}")
    by_ipv6 = f"listen [::1]:{port}" if _has_ipv6() else "# no IPv6: listen [::1]:80"
    text = _replaced(text, r"\blisten \[::\]:80\b", lambda _: by_ipv6)
    if json_log:
        text = _replaced(text, r"/dev/stdout access;", lambda _: "/dev/stdout access_json;")
    if trusted_proxies > 1:
        text = _behind(text, trusted_proxies - 1)
    text = _replaced(
        text, r"(?<= )/run/static_versions\*", lambda _: f'"{folder}/static_versions*"'
    )
    text = _replaced(text, r"(?<= )/run/nginx\.pid", lambda _: f'"{folder}/nginx.pid"')
    text = _replaced(
        text, r"(?<= )/var/cache/nginx/(\w+)", lambda found: f'"{folder}/{found[1]}"', times=5
    )
    return _replaced(text, r"(?<= )/srv/townhall\b", lambda _: f'"{root}"')


def static_versions(root: Path = ROOT) -> str:
    """Return the lines that let browsers keep the files of `root`/static, as deploy/nginx/adapt
    writes them."""
    files = sorted(path for path in (root / "static").rglob("*") if path.is_file())
    return "".join(
        f'"/{path.relative_to(root)} {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"'
        ' "public, max-age=31536000, immutable";\n'
        for path in files
        if path.suffix not in (".gz", ".br")
    )


def _has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


def _behind(text: str, others: int) -> str:
    """Return the text for an nginx behind other proxies, as deploy/nginx/adapt makes it."""
    line = (ROOT / "deploy/nginx/client_address").read_text().replace("OTHERS", str(others - 1))
    text = _replaced(
        text, r"^ +default \$remote_addr;\n", lambda found: found[0] + f"        {line}"
    )
    return _replaced(text, r"\bdefault realtime_pinned;", lambda _: "default realtime_moved;")


def _servers(ports: Sequence[int]) -> Callable[[re.Match[str]], str]:
    def lines(found: re.Match[str]) -> str:
        indent, parameters = found.groups()
        return "".join(f"{indent}server {LOOPBACK}:{port} {parameters};\n" for port in ports)

    return lines


def _replaced(
    text: str, pattern: str, by: Callable[[re.Match[str]], str], *, times: int = 1
) -> str:
    text, count = re.subn(pattern, by, text, flags=re.MULTILINE)
    if count != times:
        raise ValueError(f"nginx.conf has {count} places like {pattern}, not {times}")
    return text
