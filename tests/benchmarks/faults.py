"""Counts what a fault harness found, for docs/results/faults.json.

    python tests/benchmarks/faults.py NOW.json [REASONS.json]

NOW.json is what the harness wrote: {id: {"verdict": "OK" or one of the others, …}}; rows that were
not run again keep their verdict. REASONS.json says of a row that is not OK why it is left:
{id: reason}. The verdicts of before, and of plain Lightning, stay as they are in the record.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

RECORD = Path(__file__).parents[2] / "docs" / "results" / "faults.json"
VERDICTS = ("OK", "UNCLEAR", "SILENT", "LOSS", "HANG")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("now", type=Path)
    parser.add_argument("reasons", type=Path, nargs="?")
    given = parser.parse_args()
    record = json.loads(RECORD.read_text())
    found = json.loads(given.now.read_text())
    broken = [id for id, row in found.items() if row["verdict"] not in VERDICTS]
    if broken:
        raise SystemExit(f"no verdict, the case itself is broken: {', '.join(broken)}")
    reasons = json.loads(given.reasons.read_text()) if given.reasons else {}
    then = record["bad rows before"]
    now = {id: found.get(id, {"verdict": verdict})["verdict"] for id, verdict in then.items()}
    now |= {id: row["verdict"] for id, row in found.items()}
    before = record["rows"]["lecture_nets before"]
    total = sum(before[verdict] for verdict in VERDICTS)
    counted = Counter(now.values())
    counted["OK"] = total - sum(counted[verdict] for verdict in VERDICTS[1:])
    record["command"] = "python tests/benchmarks/faults.py NOW.json REASONS.json"
    record["rows"]["lecture_nets now"] = {verdict: counted[verdict] for verdict in VERDICTS}
    record["left"] = {
        id: {
            "was": then.get(id, "OK"),
            "is": verdict,
            "run again": "yes" if id in found else "no",
            "why": reasons.get(id, "open"),
        }
        for id, verdict in sorted(now.items())
        if verdict != "OK"
    }
    RECORD.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
