"""Keep of an environment's list of parts what a user of the wheel gets: `make lock` runs this.

python .ci/sbom.py ENVIRONMENT.cdx.json REQUIREMENTS OUTPUT.cdx.json
"""

import json
import sys
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Links in package metadata say nothing that a name and a version do not.
TOLD = ("bom-ref", "name", "version", "type", "group", "description", "licenses", "purl")


def keep(bom: dict, names: set[str], direct: set[str]) -> dict:
    """The parts of `names`, of which the package itself asks for those in `direct`."""

    def short(part: dict) -> dict:
        return {key: part[key] for key in TOLD if key in part}

    root = bom["metadata"]["component"]["bom-ref"]
    components = [
        short(part) for part in bom["components"] if canonicalize_name(part["name"]) in names
    ]
    name_of = {part["bom-ref"]: canonicalize_name(part["name"]) for part in components}
    missing = names - set(name_of.values())
    if missing:
        raise SystemExit(f"sbom: .venv lacks {', '.join(sorted(missing))}; run `make .venv/ready`.")
    dependencies = []
    for entry in bom["dependencies"]:
        if entry["ref"] != root and entry["ref"] not in name_of:
            continue
        wanted = direct if entry["ref"] == root else names
        found = [ref for ref in entry.get("dependsOn", []) if name_of.get(ref) in wanted]
        dependencies.append({"ref": entry["ref"], "dependsOn": found})
    tools = bom["metadata"]["tools"]["components"]
    metadata = bom["metadata"] | {"tools": {"components": [short(tool) for tool in tools]}}
    return bom | {"metadata": metadata, "components": components, "dependencies": dependencies}


def requirements(lines: list[str]) -> set[str]:
    """Names in a file of requirements."""
    lines = [line.partition("#")[0].strip() for line in lines]
    return {canonicalize_name(Requirement(line).name) for line in lines if line}


if __name__ == "__main__":
    environment, runtime, output = map(Path, sys.argv[1:])
    bom = json.loads(environment.read_text())
    names = requirements(runtime.read_text().splitlines())
    # A requirement that belongs to an extra says so.
    wanted = [line for line in requires("lecture-nets") or [] if "extra ==" not in line]
    kept = keep(bom, names, requirements(wanted))
    output.write_text(json.dumps(kept, indent=1) + "\n")
    print(f"{output}: {len(names)} parts")
