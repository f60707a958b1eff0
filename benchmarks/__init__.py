"""The benchmark harness: `python -m benchmarks` runs pairfold beside every peer that is installed."""
