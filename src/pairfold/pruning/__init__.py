"""Pairs that cannot matter are left out: exactly, or up to a tolerance that is stated."""

from pairfold.pruning.report import GivenUp, Report, collect_reports, is_collecting, with_report
from pairfold.pruning.run import explain, run, run_on_device
from pairfold.pruning.tolerance import CURRENT, asked_tolerance, tolerance

__all__ = [
    "CURRENT",
    "GivenUp",
    "Report",
    "asked_tolerance",
    "collect_reports",
    "explain",
    "is_collecting",
    "run",
    "run_on_device",
    "tolerance",
    "with_report",
]
