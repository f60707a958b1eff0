"""What pairfold.dask does on this machine: ``make dask``, some minutes on an idle machine with two cores.

Prints how much faster two workers with one thread each are than one, what a worker needs of memory, how a
``dask.array`` expression of the same reduction compares, and that a killed worker changes no bit. Times are of the wall
clock, the best of several rounds; beside them stands the time of the processors of the workers, which other programs on
the machine do not change so much.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import dask
import dask.array as da
import numpy as np
import psutil
from distributed import Client, LocalCluster

import pairfold.dask as pfd
import pairfold.numpy as pn


def clouds(n: int, chunk: int) -> tuple[Any, Any]:
    """Return points as Dask arrays, made by the workers."""
    random = da.random.RandomState(0)
    return tuple(random.random_sample((n, 3), chunks=(chunk, 3)).astype(np.float32) for _ in range(2))


def gauss(room: Any, x: Any, y: Any) -> Any:
    """Return a sum of Gaussians."""
    return (-((room.Vi(x) - room.Vj(y)) ** 2).sum(-1) / 2).exp().sum(axis=1)


@contextmanager
def workers(count: int, threads: int = 1, memory: str = "2GB") -> Iterator[Client]:
    """Start processes and compile their code."""
    with (
        LocalCluster(
            n_workers=count, threads_per_worker=threads, memory_limit=memory, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
    ):
        with dask.config.set({"pairfold.task-seconds": None}):
            gauss(pfd, *clouds(4000, 500)).compute()
        yield client


def cpu_seconds() -> float:
    """Return the processor time of a worker."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def timed(client: Client, make: Callable[[], Any]) -> tuple[float, float, float]:
    """Return seconds: of the clock, of the processors of all workers, and of the worker that used most."""
    before = client.run(cpu_seconds)
    start = time.perf_counter()
    make().compute()
    clock = time.perf_counter() - start
    used = [after - before[worker] for worker, after in client.run(cpu_seconds).items()]
    return clock, sum(used), max(used)


def scaling(n: int, chunk: int, rounds: int) -> None:
    """Compare one worker with two."""
    best: dict[str, tuple[float, float, float]] = {}
    for _ in range(rounds):
        for name, count, threads in (("1 x 1", 1, 1), ("2 x 1", 2, 1), ("1 x 2", 1, 2)):
            with workers(count, threads) as client:
                found = timed(client, lambda: gauss(pfd, *clouds(n, chunk)))
            best[name] = min(best.get(name, found), found)
    points = [block.compute() for block in clouds(n, chunk)]
    start, processor = time.perf_counter(), time.process_time()
    pn.Genred("Exp(-SqDist(x, y) / 2)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(*points, threads=1)
    used = time.process_time() - processor
    best["no cluster, 1 thread"] = time.perf_counter() - start, used, used
    for name, (clock, cpu, _) in best.items():
        rate = n * n / clock / 1e9
        print(f"Gaussian sum {n} x {n}, {name}: {clock:.2f} s, {cpu:.2f} s of processors, {rate:.2f} G pairs/s")
    print(f"two workers against one: {best['1 x 1'][0] / best['2 x 1'][0]:.2f} times as fast (bar: 1.7)")
    print(f"by the processor time of the busier one: {best['1 x 1'][2] / best['2 x 1'][2]:.2f} times as fast")
    print(f"work of two workers against one: {best['2 x 1'][1] / best['1 x 1'][1]:.3f} times the processor time")
    alone = best["no cluster, 1 thread"][1]
    print(f"one worker against no cluster: {best['1 x 1'][1] / alone:.3f} times the processor time")


def expression(n: int, rounds: int) -> None:
    """Compare with the same reduction in the words of ``dask.array``, both with the threads of one process."""
    x, y = (points.persist() for points in clouds(n, n // 4))

    def dense() -> Any:
        squares = ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)
        return da.exp(-squares / 2).sum(axis=1, keepdims=True)

    def lazy() -> Any:
        return gauss(pfd, x, y)

    threads = os.cpu_count() or 1
    times = {}
    for name, make in (("dask.array", dense), ("pairfold.dask", lazy)):
        found = []
        for _ in range(1 if name == "dask.array" else max(3, rounds)):
            start, processor = time.perf_counter(), time.process_time()
            result = make().compute(scheduler="threads", num_workers=threads)
            found.append((time.perf_counter() - start, time.process_time() - processor, result))
        times[name] = min(found, key=lambda one: one[0])
    error = np.max(np.abs(times["dask.array"][2] / times["pairfold.dask"][2] - 1))
    for name, (clock, cpu, _) in times.items():
        print(f"{n} x {n} as {name}: {clock:.3f} s, {cpu:.3f} s of processors")
    (dense_clock, dense_cpu, _), (clock, cpu, _) = times.values()
    ratios = f"{dense_clock / clock:.0f}, of processor time {dense_cpu / cpu:.0f} (bar: 50)"
    print(f"times as fast: {ratios}; they differ by {error:.1e}")


def memory(n: int, rows: int, limit: str) -> None:
    """Print the most memory that workers had: for one block of rows, and for four, for which Dask keeps the columns."""
    chunk = n // 20
    for blocks in (1, 4):
        with workers(2, memory=limit) as client:
            processes = [psutil.Process(pid) for pid in client.run(os.getpid).values()]
            start = [process.memory_info().rss for process in processes]
            most = list(start)
            stop = threading.Event()

            def watch(processes: Any = processes, most: Any = most, stop: Any = stop) -> None:
                while not stop.wait(0.02):
                    for k, process in enumerate(processes):
                        most[k] = max(most[k], process.memory_info().rss)

            watcher = threading.Thread(target=watch)
            watcher.start()
            random = da.random.RandomState(0)
            x, y = (random.random_sample((m, 3), chunks=(c, 3)) for m, c in ((rows, rows // blocks), (n, chunk)))
            with dask.config.set({"pairfold.task-seconds": None}):
                gauss(pfd, x, y).sum().compute()
            stop.set()
            watcher.join()
        grown = ", ".join(f"{(last - first) / 1e6:.0f} MB" for first, last in zip(start, most, strict=True))
        at_most = ", ".join(f"{last / 1e6:.0f} MB" for last in most)
        print(
            f"{blocks} blocks of rows, {n * 24 / 1e6:.0f} MB of columns in chunks of {chunk * 24 / 1e6:.0f} MB: "
            f"two workers grew by {grown}, to {at_most} at most (limit {limit} each)"
        )


def killed(n: int, chunk: int) -> None:
    """Kill a worker in the middle."""
    with workers(2) as client, dask.config.set({"pairfold.task-seconds": None}):
        x, y = clouds(n, chunk)
        nearest = ((pfd.Vi(x) - pfd.Vj(y)) ** 2).sum(-1).argKmin(10, axis=1)
        expected = nearest.compute()
        running = client.persist(nearest)
        done = 0
        while done < 5:
            time.sleep(0.01)
            done = sum("-part-" in str(key) for keys in client.has_what().values() for key in keys)
        os.kill(next(iter(client.run(os.getpid).values())), signal.SIGKILL)
        same = bool((running.compute() == expected).all())
        print(f"10 nearest neighbours of {n} points: a worker killed while {done} states were held: equal bits: {same}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("scaling", "expression", "memory", "killed"))
    asked = parser.parse_args()
    jobs = {
        "expression": lambda: expression(asked.points // 10, asked.rounds),
        "scaling": lambda: scaling(asked.points, asked.points // 4, asked.rounds),
        "memory": lambda: memory(200 * asked.points, asked.points // 200, "500MB"),
        "killed": lambda: killed(asked.points // 2, asked.points // 20),
    }
    for name, job in jobs.items():
        if asked.only in (None, name):
            job()


if __name__ == "__main__":
    main()
