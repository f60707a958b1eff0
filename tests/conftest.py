"""One fixed profile for property tests: the same examples in every run, no limits on time."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

settings.register_profile(
    "pairfold",
    deadline=None,
    derandomize=True,
    max_examples=20,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("pairfold")
