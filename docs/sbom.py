"""Write the software bill of materials of the lock: `python docs/sbom.py > sbom.json` (CycloneDX 1.6)."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ENTRY = re.compile(r"^(?P<name>[a-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))? ?\\?$")


def components(lock: str) -> list[dict[str, Any]]:
    """Return each package of a lock: name, version, address in the registry, and the hashes of its files."""
    found: list[dict[str, Any]] = []
    for line in lock.splitlines():
        if entry := ENTRY.match(line):
            name, version = entry["name"], entry["version"]
            part: dict[str, Any] = {"type": "library", "name": name, "version": version}
            part |= {"bom-ref": f"pkg:pypi/{name}@{version}", "purl": f"pkg:pypi/{name}@{version}", "hashes": []}
            if entry["marker"]:
                part["properties"] = [{"name": "python:marker", "value": entry["marker"]}]
            found.append(part)
        elif "--hash=sha256:" in line:
            digest = line.split("--hash=sha256:")[1].split()[0]
            found[-1]["hashes"].append({"alg": "SHA-256", "content": digest})
    return found


def bill() -> dict[str, Any]:
    """Return the bill of materials of requirements.lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ours = {"type": "application", "name": project["name"], "version": project["version"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours | {"licenses": [{"license": {"id": project["license"]}}]}},
        "components": components((ROOT / "requirements.lock").read_text(encoding="utf-8")),
    }


if __name__ == "__main__":
    print(json.dumps(bill(), indent=1))
