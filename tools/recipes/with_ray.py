"""Ten nearest neighbours with Ray: ``make recipes`` runs it on processes of this machine."""

import numpy as np
import ray

from pairfold.numpy import Genred

random = np.random.default_rng(0)
x, y = random.random((2_000, 3)), random.random((50_000, 3))
nearest = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "KMin_ArgKMin", axis=1, opt_arg=10)

ray.init(num_cpus=2)

# The recipe
partial = ray.remote(lambda x, y, first: nearest.partial(x, y, columns_from=first, threads=1))
merge = ray.remote(lambda state, *others: state.merge(*others, threads=1))
rows = ray.put(x)  # once for all tasks
states = [partial.remote(rows, y[k : k + 5_000], k) for k in range(0, len(y), 5_000)]
while len(states) > 1:
    states = [merge.remote(*states[k : k + 4]) for k in range(0, len(states), 4)]
values, columns = nearest.finish(ray.get(states[0]))
# The end

assert (columns == nearest(x, y)[1]).all()
assert (values == nearest(x, y)[0]).all()
