"""Ten nearest neighbours with Spark: ``make recipes`` runs it on processes of this machine."""

import os
import pickle
import sys
from collections.abc import Iterator

import numpy as np
import pandas as pd
from pyspark.sql import SparkSession

from pairfold.numpy import Genred

random = np.random.default_rng(0)
x, y = random.random((2_000, 3)), random.random((50_000, 3))
nearest = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "KMin_ArgKMin", axis=1, opt_arg=10)

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # of the workers
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
table = pd.DataFrame(y, columns=["u", "v", "w"])
points = spark.createDataFrame(table.assign(number=np.arange(len(y)))).coalesce(4)  # numbered one after the other

# The recipe
rows = spark.sparkContext.broadcast(x)


def partials(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Reduce one partition, batch by batch."""
    for batch in batches:
        block, first = batch[["u", "v", "w"]].to_numpy(), int(batch["number"].iloc[0])
        state = nearest.partial(rows.value, block, columns_from=first, threads=1)
        yield pd.DataFrame({"state": [pickle.dumps(state)]})


state, *others = (pickle.loads(row.state) for row in points.mapInPandas(partials, "state binary").toLocalIterator())
values, columns = nearest.finish(state.merge(*others))
# The end

assert (columns == nearest(x, y)[1]).all()
assert (values == nearest(x, y)[0]).all()
spark.stop()
