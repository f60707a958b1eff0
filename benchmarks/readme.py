"""Write the results of the last run, output/benchmarks.json, into the README: `python -m benchmarks.readme`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from benchmarks.jobs import JOBS
from benchmarks.probes import PROBES

ROOT = Path(__file__).parents[1]
START, END = "<!-- written by python -m benchmarks.readme -->\n", "<!-- end -->"
ALL_PAIRS = ("pykeops", "torch.compile", "torch dense", "torch sdpa", "numba", "jax", "sklearn")
"""The peers that look at every pair; a tree is another algorithm."""

UNITS_OF_TIME = (", s", ", ms", ", us")


def job_line(rows: list[dict[str, Any]]) -> str:
    """Return the line of the table for one job."""
    by_peer = {row["peer"]: row for row in rows}
    own = by_peer["pairfold"]
    job = JOBS[own["job"]]
    others = {name: by_peer[name]["seconds"] / own["seconds"] for name in ALL_PAIRS if name in by_peer}
    best = min((name for name in others if name != "pykeops"), key=others.__getitem__, default="")
    cells = [
        f"{job.title}, {job.rows:,} x {job.columns:,}",
        f"{own['pairs_per_second'] / 1e9:.2f}",
        f"{own['share_of_limit'] * 100:.0f} %",
        f"{others['pykeops']:.1f}" if "pykeops" in others else "",
        f"{others[best]:.1f} ({best})" if best else "",
        f"{own['error']:.0e}",
        f"{by_peer['pykeops']['error']:.0e}" if "pykeops" in by_peer else "",
    ]
    return f"| {' | '.join(cells)} |"


def probe_lines(probes: dict[str, dict[str, dict[str, float]]]) -> list[str]:
    """Return one line per number of the probes; of times, also how many times faster pairfold is than each peer."""
    lines = ["| | pairfold | peer | times faster |", "|---|---|---|---|"]
    for probe, packages in probes.items():
        for name, value in packages.get("pairfold", {}).items():
            others = {peer: numbers[name] for peer, numbers in packages.items() if peer != "pairfold"}
            found = ", ".join(f"{other:.3g} ({peer})" for peer, other in others.items())
            faster = ", ".join(f"{other / value:.3g}" for other in others.values() if name.endswith(UNITS_OF_TIME))
            lines.append(f"| {PROBES[probe].title}: {name} | {value:.3g} | {found} | {faster} |")
    return lines


def tables(report: dict[str, Any]) -> str:
    """Return the tables in Markdown."""
    machine = report["machine"]
    by_job: dict[str, list[dict[str, Any]]] = {}
    for row in report["jobs"]:
        by_job.setdefault(row["job"], []).append(row)
    lines = [
        f"{machine['processor']}, {machine['threads']} threads, {machine['clock'] / 1e9:.2f} GHz, one run, float32 "
        "where nothing else is said. G is 1e9 pairs a second, the limit is that of the vector units, errors are "
        "relative to float64 (those of float64 to extended precision).",
        "",
        "| job | G/s | of the limit | times faster than pykeops 2.3 | than the best other | error | pykeops' error |",
        "|---|---|---|---|---|---|---|",
        *(job_line(rows) for rows in by_job.values()),
        "",
        *probe_lines(report.get("probes", {})),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Replace the block between the two marks."""
    report = json.loads((ROOT / "output" / "benchmarks.json").read_text(encoding="utf-8"))
    path = ROOT / "README.md"
    text = path.read_text(encoding="utf-8")
    block = re.compile(re.escape(START) + ".*?" + re.escape(END), flags=re.DOTALL)
    if not block.search(text):
        raise SystemExit(f"{path} has no block between {START.strip()} and {END}")
    path.write_text(block.sub(lambda _: START + tables(report) + END, text), encoding="utf-8")


if __name__ == "__main__":
    main()
