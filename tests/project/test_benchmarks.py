"""The benchmark jobs compute what they say, and their judge sees a wrong result."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.clouds import CLOUD_JOBS
from benchmarks.elsewhere import COMPARISONS, run, table
from benchmarks.gpu import GPU_JOBS, GpuBench, GpuMachine
from benchmarks.jobs import JOBS, Job, make_arguments, reference_error, scaled
from benchmarks.machine import Machine
from benchmarks.peers import PEERS
from benchmarks.probes import PROBES, gaussian_arguments, nearest_program
from benchmarks.readme import tables
from benchmarks.sklearn_peers import ESTIMATOR_JOBS, run_estimator_job
from benchmarks.sklearn_peers import table as estimator_table
from benchmarks.tolerance import run_cloud_job

FLOAT32_ERROR = 1e-5
"""What kernels with exponents up to about 60 reach with room to spare."""

ERRORS = {"float32": FLOAT32_ERROR, "float64": 1e-14}


@pytest.fixture(params=JOBS.values(), ids=lambda job: job.name)
def job(request: pytest.FixtureRequest) -> Job:
    return scaled(request.param, 0.02)


def test_pairfold_solves_the_job(job: Job) -> None:
    program = PEERS["pairfold"].prepare(job)
    assert program is not None
    result = program(*make_arguments(job))
    rows = np.arange(0, job.rows, 7)
    assert reference_error(job, rows, result[rows]) < ERRORS[job.dtype]
    wrong = result[rows].copy()
    wrong[0] += 1
    assert reference_error(job, rows, wrong) > FLOAT32_ERROR


def test_arguments_have_the_dtype_of_the_job(job: Job) -> None:
    assert {array.dtype.name for array in make_arguments(job)} == {job.dtype}


def test_limit_is_set_by_the_busier_unit() -> None:
    machine = Machine("some", threads=2, lanes=16, clock=3e9, multiplies=100e9, adds=100e9, mixed=200e9)
    job = replace(JOBS["J1"], multiplies=8, adds=4)
    assert machine.limit(job) == pytest.approx(100e9 / 8)
    assert machine.limit(replace(job, adds=10)) == pytest.approx(100e9 / 10)
    shared = replace(machine, mixed=100e9)  # one pair of units for both
    assert shared.limit(job) == pytest.approx(100e9 / 12)
    assert machine.limit(replace(job, dtype="float64")) == pytest.approx(50e9 / 8)


def test_import_is_timed_in_a_process_of_its_own() -> None:
    numbers = PROBES["cold start"].measure("pairfold")
    assert numbers["import, s"] > 0.001  # this process has imported it long ago
    assert numbers["first result, s"] > 0


def test_attention_of_heads_is_right() -> None:
    pytest.importorskip("torch")
    for package in ("pairfold", "torch sdpa"):
        numbers = PROBES["attention"].measure(package, 0.05)
        assert max(numbers["error"], numbers["greatest error of a gradient"]) < FLOAT32_ERROR
        assert numbers["forward, ms"] > 0
        assert numbers["forward and backward, ms"] > 0


def test_conjugate_gradients_take_the_steps_that_they_are_divided_by(monkeypatch: pytest.MonkeyPatch) -> None:
    assert PROBES["conjugate gradients"].measure("pairfold", 0.05)["a step, ms"] > 0
    monkeypatch.setattr("benchmarks.probes.STEPS", 1000)
    with pytest.raises(RuntimeError, match=r"stops after \d+ steps instead of 1000"):
        PROBES["conjugate gradients"].measure("pairfold", 0.05)


def test_the_nearest_are_those_of_numpy() -> None:
    x, y, *_ = gaussian_arguments(50, 200)
    for k in (10, 200):
        found = [nearest_program(package, k)(x, y) for package in ("pairfold", "numpy")]
        own, other = (((x[:, None].astype(float) - y[columns]) ** 2).sum(2) for columns in found)
        assert own.shape == (50, k)
        np.testing.assert_allclose(own, other, atol=1e-6)  # those by products are less exact
        assert (np.diff(own) > -1e-6).all()


@pytest.mark.parametrize("name", ["nearest", "ever nearer"])
def test_times_of_nearest(name: str) -> None:
    assert min(PROBES[name].measure("pairfold", 0.05).values()) > 0


def test_readme_has_every_peer() -> None:
    row = {"pairs_per_second": 2e9, "share_of_limit": 0.5, "error": 1e-7}
    jobs = [
        {"job": "J11", "peer": peer, "seconds": seconds, **row}
        for peer, seconds in (("pairfold", 1.0), ("pykeops", 30.0), ("torch dense", 4.0), ("torch sdpa", 1.5))
    ]
    numbers = {"forward, ms": 2.0, "error": 3e-7}
    report = {
        "machine": {"processor": "some", "threads": 2, "clock": 4e9},
        "jobs": jobs,
        "probes": {
            "attention": {"pairfold": numbers, "torch sdpa": {"forward, ms": 3.0, "error": 4e-7}},
            "memory": {"pairfold": {"growth, MB": 40.0}},
        },
    }
    text = tables(report)
    assert "| attention, D=64, 4,000 x 4,000 | 2.00 | 50 % | 30.0 | 1.5 (torch sdpa) | 1e-07 | 1e-07 |" in text
    assert "| attention, D=64, 4 heads of 2,000 x 2,000: forward, ms | 2 | 3 (torch sdpa) | 1.5 |" in text
    assert "| attention, D=64, 4 heads of 2,000 x 2,000: error | 3e-07 | 4e-07 (torch sdpa) |  |" in text
    assert "| memory: growth, MB | 40 |  |  |" in text


@pytest.mark.parametrize("name", GPU_JOBS)
def test_gpu_programs_are_right_on_the_cpu(name: str) -> None:
    """The programs for a GPU are written for tensors, which may lie anywhere."""
    pytest.importorskip("torch")
    scale = 0.01 if name == "J9" else 0.0003
    job = scaled(GPU_JOBS[name], scale)
    rows = np.arange(0, job.rows, 7)
    done = []
    for peer in ("pairfold", "torch dense", "torch sdpa"):
        bench = GpuBench(peer, "cpu")
        if bench.prepare(name, scale) is not None:
            done.append(peer)
            assert reference_error(job, rows, bench.rows(rows)) < 1e-3  # distances by products are less exact
            assert bench.memory() == 0
    assert "pairfold" in done


def test_limit_of_a_gpu() -> None:
    machine = GpuMachine("some", multiprocessors=100, clock=2e9, threads=100)
    assert machine.limit(JOBS["J1"]) == pytest.approx(100 * 2e9 * 16)
    assert machine.limit(JOBS["J7"]) == pytest.approx(100 * 2e9 * 128 / 4)


@pytest.mark.parametrize("name", ["knn-clusters", "knn-l1", "gauss-0.1-1e-3", "kde-0.1", "coulomb"])
def test_large_clouds(name: str) -> None:
    """Without peers, and small: what is printed of errors is true, and within the tolerance."""
    job = replace(CLOUD_JOBS[name], count=2500, peers={})
    rows = {row.program: row for row in run_cloud_job(name, job, threads=1, rounds=1)}
    assert set(rows) == {"every pair", "pairfold"}
    assert 0 <= rows["pairfold"].error <= job.tol + FLOAT32_ERROR
    assert "NOT" not in rows["pairfold"].note
    assert min(row.seconds for row in rows.values()) > 0


@pytest.mark.parametrize("name", ["nearest-3", "attention", "process", "products-3"])
def test_comparisons_with_other_packages(name: str) -> None:
    """Without the packages that are not here, and small: pairfold is right, and the judge sees a wrong result."""
    comparison = COMPARISONS[name](0.05)
    own = replace(comparison, programs={"pairfold": comparison.programs["pairfold"]})
    (line,) = run(own, rounds=1)
    assert line.error < 1e-3
    assert line.seconds > 0
    result = np.array(comparison.programs["pairfold"]()())
    wrong = (result + 1) % 100 if result.dtype.kind == "i" else 1.1 * result
    assert comparison.error(wrong) > 1e-2
    assert f"* - {comparison.title}" in table({comparison.title: [line]}, "A machine.")


@pytest.mark.parametrize("name", ESTIMATOR_JOBS)
def test_estimators_beside_those_of_scikit_learn(name: str) -> None:
    """Both answer the same, so that their times may be compared."""
    pytest.importorskip("sklearn")
    row = run_estimator_job(ESTIMATOR_JOBS[name], 200, threads=1, rounds=1)
    assert row.difference is not None
    assert row.difference < 2e-3  # the relative error that densities may have
    assert row.title in estimator_table([row])
