#!/usr/bin/env python3
"""Print a bill of materials (CycloneDX 1.6, JSON) of what a Townhall image contains.

    sbom.py          Python and npm packages, from the lock files
    sbom.py --image  in an image: the Debian packages and the Python interpreter as well

Names, versions, hashes and, where they are known, licences. Needs no other package, because the
build of the image runs it.
"""

import argparse
import json
import platform
import re
import subprocess
import sys
import tomllib
from base64 import b64decode
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*?\])?==(\S+)")
Component = dict[str, Any]


def component(purl: str, name: str, version: str, licence: str = "") -> Component:
    """Return a component; `licence` may be any text."""
    found: Component = {"type": "library", "bom-ref": purl, "name": name, "version": version}
    if licence:
        found["licenses"] = [{"license": {"name": licence}}]
    return found | {"purl": purl}


def python_packages(requirements: Path, *, installed: bool) -> Iterator[Component]:
    """Yield what requirements.txt pins; with `installed`, what of it is here in that version.

    Some pins are for other platforms or versions of Python.
    """
    for pin in map(PIN.match, requirements.read_text().splitlines()):
        if pin:
            name = re.sub(r"[-_.]+", "-", pin[1]).lower()
            version, licence = installed_package(pin[1])
            if not installed or version == pin[2]:
                yield component(f"pkg:pypi/{name}@{pin[2]}", pin[1], pin[2], licence)


def installed_package(name: str) -> tuple[str, str]:
    """Return version and licence of a package; empty texts for one that is not installed."""
    try:
        about = metadata(name)
    except PackageNotFoundError:
        return "", ""
    fields = {key: about.get_all(key, []) for key in ("License-Expression", "License")}
    classified = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier", [])
        if text.startswith("License ::")
    ]
    # Some packages put the whole text of their licence into `License`.
    named = [*fields["License-Expression"], ", ".join(classified), *fields["License"]]
    return about["Version"], next(filter(None, named), "").partition("\n")[0]


def npm_packages(lock: Path) -> Iterator[Component]:
    """Yield what the pages load or what builds it; tools that check our code are left out."""
    for path, package in json.loads(lock.read_text())["packages"].items():
        # The builder's binaries for other platforms and its own parts never reach an image.
        if not path or package.get("dev") or package.get("optional"):
            continue
        name = path.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{quote(name)}@{package['version']}"
        found = component(purl, name, package["version"], package.get("license", ""))
        kind, _, digest = package["integrity"].partition("-")
        content = b64decode(digest).hex()
        yield found | {"hashes": [{"alg": f"SHA-{kind.removeprefix('sha')}", "content": content}]}


def image_packages() -> Iterator[Component]:
    """Yield Python itself and the packages of Debian in this image."""
    version = platform.python_version()
    yield component(f"pkg:generic/python@{version}", "python", version, "PSF-2.0")
    release = platform.freedesktop_os_release()
    form = "${Package}\t${Version}\t${Architecture}\n"
    listed = subprocess.check_output(["dpkg-query", "--show", f"--showformat={form}"], text=True)
    for line in listed.splitlines():
        name, number, machine = line.split("\t")
        distro = f"{release['ID']}-{release.get('VERSION_ID', 'sid')}"
        purl = f"pkg:deb/{release['ID']}/{name}@{quote(number)}?arch={machine}&distro={distro}"
        yield component(purl, name, number)


def bill(*, image: bool) -> dict[str, Any]:
    """Return the document."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found = [
        *python_packages(ROOT / "requirements.txt", installed=image),
        *npm_packages(ROOT / "package-lock.json"),
        *(image_packages() if image else ()),
    ]
    # npm may install one version in several folders.
    components = {one["purl"]: one for one in found}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "townhall",
                "version": project["version"],
            }
        },
        "components": [components[purl] for purl in sorted(components)],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--image", action="store_true", help="add the packages of this system")
    json.dump(bill(image=parser.parse_args().image), sys.stdout, indent=1)
    print()
