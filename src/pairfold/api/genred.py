"""Generic reductions of formula strings, for any array framework."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

from pairfold.api.adapter import Adapter
from pairfold.api.look import routine_card
from pairfold.api.options import make_options, make_problem
from pairfold.api.routine import Routine
from pairfold.api.signatures import checked, unknown_keywords
from pairfold.api.states import State, check_state, finished, partial_state, refuse_tolerance
from pairfold.api.stream import stream
from pairfold.display import Card, Shown, shortened
from pairfold.engine import Explanation
from pairfold.errors import ArgumentTypeError, ArgumentValueError, FormulaError
from pairfold.ir.expr import Category
from pairfold.ir.problem import Problem
from pairfold.ir.reduction import Reduction
from pairfold.ir.show import LONGEST
from pairfold.language.aliases import PLAIN, Argument, Dialect, checked_aliases, parse_alias
from pairfold.language.formula import parse
from pairfold.reductions import find_reduction

__all__ = ["GenredBase", "choose_reduction", "make_generics", "number_kept", "read_problem", "refuse_options"]


def choose_reduction(name: str, has_weight: bool) -> Reduction:
    """Return the reduction called `name`, in its weighted form when there is a weight.

    Raises
    ------
    UnknownNameError
        If there is none of this name.
    ArgumentValueError
        If a weight is missing, or is given to a reduction that has no use for it.
    """
    reduction = find_reduction(name)
    if has_weight and reduction.weighted is not None:
        reduction = find_reduction(reduction.weighted)
    if has_weight != reduction.needs_weight:
        verb = "needs a second formula, the weight" if reduction.needs_weight else "takes no second formula"
        raise ArgumentValueError(
            f"{reduction.name} {verb} (formula2 of Genred, weight of a LazyTensor); "
            f"{'none' if reduction.needs_weight else 'one'} was given."
        )
    return reduction


def number_kept(reduction: Reduction, opt_arg: object) -> int:
    """Return K, checked; 1 for reductions without K.

    Raises
    ------
    ArgumentTypeError
        If the reduction needs K and `opt_arg` is no integer.
    ArgumentValueError
        If K is not positive.
    """
    if not reduction.needs_k:
        return 1
    if opt_arg is None:
        raise ArgumentTypeError(f"{reduction.name} needs opt_arg=K, the number of entries to keep; it is missing.")
    try:
        k = operator.index(opt_arg)  # type: ignore[arg-type]
    except TypeError:
        raise ArgumentTypeError(
            f"{reduction.name} needs an integer opt_arg=K, the number of entries to keep; found {opt_arg!r}."
        ) from None
    if k < 1:
        raise ArgumentValueError(f"{reduction.name} keeps at least K = 1 entry; found opt_arg={k}.")
    return k


_WITHOUT_EFFECT: dict[str, tuple[Any, ...]] = {
    "dtype": (None,),
    "cuda_type": (None,),
    "enable_chunks": (True,),
    "rec_multVar_highdim": (False, None),
    "use_fast_math": (True,),
    "optional_flags": (None, []),
    "opt_arg": (None,),
}
"""Options of KeOps that mean nothing here, and the values that ask for nothing."""


def refuse_options(**given: Any) -> None:
    """Refuse the options of KeOps that would have no effect.

    Raises
    ------
    ArgumentTypeError
        For a value that asks for something.
    """
    for name, value in given.items():
        if value not in _WITHOUT_EFFECT[name]:
            raise ArgumentTypeError(
                f"{name} is {value!r}, and {name} has no effect: leave it out. The arguments of a call set the "
                "precision, and code is made for the machine that runs it. (pairfold.pykeops takes what KeOps takes.)"
            )


def read_problem(
    formulas: Sequence[str],
    aliases: Sequence[str],
    reduction: Reduction,
    axis: int,
    opt_arg: object,
    dialect: Dialect = PLAIN,
) -> tuple[Problem, tuple[Argument, ...]]:
    """Return the problem of formula strings (a formula, and a weight where the reduction has one) and its arguments."""
    parsed = parse(formulas, aliases, dialect)
    value, *weights = parsed.values
    problem = make_problem(value, reduction, weights[0] if weights else None, number_kept(reduction, opt_arg), axis)
    return problem, tuple(parsed.arguments)


class GenredBase(Shown):
    """Generic reduction of a formula string on NumPy arrays.

    Parameters
    ----------
    formula : str
        An expression in the names of the aliases, such as ``"Exp(-SqDist(x, y)) * b"``.
    aliases : iterable of str
        What the arguments are, in the order of the call: ``"x = Vi(3)"`` is indexed by i and has dimension 3,
        ``"y = Vj(3)"`` is indexed by j, ``"p = Pm(1)"`` is a parameter.
    reduction_op : str, default "Sum"
        ``"Sum"``, ``"Mean"``, ``"Var"``, ``"Prod"``, ``"LogSumExp"``, ``"SumSoftMaxWeight"``, ``"Min"``, ``"ArgMin"``,
        ``"Min_ArgMin"`` (Max likewise), ``"KMin"``, ``"ArgKMin"``, ``"KMin_ArgKMin"``, ``"Any"``, ``"All"``:
        :doc:`/reductions` has shapes and dtypes of the results.
    axis : int, default 0
        1 reduces over j and gives one row per i; 0 reduces over i and gives one row per j.
    opt_arg : int, default None
        K, for the KMin family, which needs it.
    formula2 : str, default None
        The weight of ``"LogSumExp"``, where it may be left out, and of ``"SumSoftMaxWeight"``.
    dtype_acc : str, default "auto"
        ``"float64"`` adds up in float64, ``"float32"`` in float32; ``"auto"``: in the precision of the arithmetic.
    use_double_acc : bool, default False
        True is ``dtype_acc="float64"``.
    sum_scheme : str, default "auto"
        ``"block_sum"`` adds up blocks of columns, ``"direct_sum"`` one column after the other, ``"kahan_scheme"``
        with Kahan's correction; ``"auto"`` is ``"block_sum"``.
    dtype, cuda_type, enable_chunks, rec_multVar_highdim, use_fast_math, optional_flags
        Options of KeOps without effect: only their defaults are allowed.

    Raises
    ------
    FormulaError, UnknownNameError, DimensionError
        If the formula or the aliases are not in the language.
    ArgumentValueError, ArgumentTypeError
        If another argument is not allowed.

    Examples
    --------
    >>> import numpy as np
    >>> from pairfold.numpy import Genred
    >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], axis=1)
    >>> x, b = np.zeros((3, 2)), np.ones((4, 1))
    >>> gaussian(x, np.zeros((4, 2)), b).tolist()
    [[4.0], [4.0], [4.0]]
    """

    adapter: ClassVar[Adapter]
    dialect: ClassVar[Dialect] = PLAIN
    """How formulas and aliases are written."""
    routine_type: ClassVar[type[Routine]] = Routine

    @checked
    def __init__(
        self,
        formula: str,
        aliases: Iterable[str],
        reduction_op: str = "Sum",
        axis: int = 0,
        dtype: Any = None,
        opt_arg: int | None = None,
        formula2: str | None = None,
        cuda_type: Any = None,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: Any = False,  # noqa: N803 - the name that programs use
        use_fast_math: bool = True,
        optional_flags: Any = None,
    ) -> None:
        refuse_options(
            dtype=dtype,
            cuda_type=cuda_type,
            enable_chunks=enable_chunks,
            rec_multVar_highdim=rec_multVar_highdim,
            use_fast_math=use_fast_math,
            optional_flags=optional_flags,
        )
        try:
            self.axis = operator.index(axis)
        except TypeError:
            self.axis = -1
        if self.axis not in (0, 1):
            raise ArgumentValueError(f"axis is {axis!r}; it must be 0 (reduce over i) or 1 (reduce over j).")
        self.aliases = list(checked_aliases(aliases))
        self.reduction_op = reduction_op
        self.opt_arg = opt_arg
        self._formulas = (formula,) if formula2 is None else (formula, formula2)
        reduction = choose_reduction(reduction_op, formula2 is not None)
        options = make_options(reduction, dtype_acc, use_double_acc, sum_scheme)
        problem, arguments = read_problem(self._formulas, self.aliases, reduction, self.axis, opt_arg, self.dialect)
        self.nargs = len(arguments)
        self._routine = self.routine_type(problem, self.axis, arguments, options, self.adapter)

    @property
    def routine(self) -> Routine:
        """The problem, with what it needs to know of its arguments."""
        return self._routine

    @property
    def formula(self) -> str:
        """The formula with its reduction as KeOps writes it, in which the last number is 0 for a result by i."""
        parts = [self._formulas[0]]
        if self._routine.problem.reduction.needs_k:
            parts.append(str(self.opt_arg))
        parts += [str(1 - self.axis), *self._formulas[1:]]
        return f"{self._routine.problem.reduction.name}_Reduction({','.join(parts)})"

    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Any = None,
        out: Any = None,
        threads: int | None = None,
        progress: bool = False,
        tol: float | None = None,
        atol: float | None = None,
        report: bool = False,
        **unknown: Any,
    ) -> Any:
        """Reduce the formula of `args`.

        Parameters
        ----------
        *args : arrays
            In the order of the aliases: ``Vi(D)`` has shape ``(..., N, D)``, ``Vj(D)`` ``(..., M, D)`` and ``Pm(D)``
            ``(..., D)``. Leading axes broadcast. Numbers and arrays without axes are fine for ``Pm(1)`` and never
            change a dtype; dtypes are promoted otherwise. Whole numbers among themselves count as float64.
        backend : str, default "auto"
            ``"auto"``: where the arrays are. ``"CPU"``; or ``"GPU"``: arrays in the memory of the CPU are sent to the
            GPU, and the result comes back.
        device_id : int, default -1
            Number of that GPU; -1: the first one. Arrays on a GPU are reduced where they are.
        ranges : mask or tuple of six integer arrays, default None
            Which pairs count; None: all. A mask, such as ``band(10)``, or the six arrays
            ``(ranges_i, slices_i, redranges_j, ranges_j, slices_j, redranges_i)`` that ``from_matrix`` of the cluster
            module makes: shapes ``(B, 2)``, ``(B,)``, ``(R, 2)`` for i and the same for j.
        out : array, or tuple of arrays, default None
            Is filled with the result and returned; of its shape and dtype.
        threads : int, default None
            Number of threads, at least 1; None: ``PAIRFOLD_NUM_THREADS``, ``OMP_NUM_THREADS`` or the number of cores.
        progress : bool, default False
            Show a progress bar.
        tol : float, default None
            Pairs may be left out that change row i by no more than ``tol * sum_j |f(x_i, y_j)|`` in all; a log-sum-exp,
            by no more than `tol`. 0 leaves out what changes nothing. None: what `pairfold.tolerance` says around the
            call, else every pair counts.
        atol : float, default None
            An absolute error that is allowed beside.
        report : bool, default False
            Return ``(result, report)`` with a `pairfold.Report` on what was left out.

        Returns
        -------
        array, or tuple of arrays
            ``(..., N, dimension)`` for axis=1, ``(..., M, dimension)`` for axis=0, in the promoted dtype of the
            arguments; K smallest values have ``(..., N, K)``, or ``(..., N, K, dimension)`` if the dimension is not 1.
            Column numbers are int64.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit its alias or the other arguments.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Genred, band
        >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"], axis=1)
        >>> x = np.linspace(0, 300, 60000).reshape(20000, 3)
        >>> b = np.ones((20000, 1))

        Pairs with j near i only, then all pairs but those that change no row by more than a thousandth:

        >>> near = gaussian(x, x, b, ranges=band(50))
        >>> found, report = gaussian(x, x, b, tol=1e-3, report=True)
        >>> tuple(near.shape), tuple(found.shape)
        ((20000, 1), (20000, 1))
        >>> report.kind, bool(report.bound < 1e-3), bool(report.pairs < 0.1)
        ('guaranteed', True, True)
        """
        if unknown:
            raise unknown_keywords(GenredBase.__call__, unknown)
        routine = self._routine.placed(backend, device_id)
        return routine(
            args, ranges=ranges, out=out, threads=threads, progress=progress, tol=tol, atol=atol, report=report
        )

    def partial(
        self,
        *args: Any,
        columns_from: int = 0,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Any = None,
        threads: int | None = None,
        progress: bool = False,
        **unknown: Any,
    ) -> State:
        """Reduce over some of the columns; `State` has an example.

        Parameters
        ----------
        *args : arrays
            As for a call. What is indexed by j is a part of the whole: what is indexed by i, for axis=0.
        columns_from : int, default 0
            The number of the first j (of the first i, for axis=0) of this part.
        backend, device_id, ranges, threads, progress : optional
            As for a call.

        Returns
        -------
        State
            To be merged with those of the other parts, and given to `finish`.
        """
        if unknown:
            refuse_tolerance(unknown)
            raise unknown_keywords(GenredBase.partial, unknown)
        routine = self._routine.placed(backend, device_id)
        return partial_state(routine, args, columns_from, ranges=ranges, threads=threads, progress=progress)

    def finish(self, state: State) -> Any:
        """Return the result for all columns of a state.

        Parameters
        ----------
        state : State
            From `partial`, merged with those of the other parts.

        Returns
        -------
        array, or tuple of arrays
            Of the shape and dtype that a call gives.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If it is no state, or one of another routine.
        """
        return finished(self._routine, check_state(self._routine, state))

    def stream(
        self,
        *args: Any,
        out: Any = None,
        memory: int | str = "1GB",
        progress: Any = False,
        checkpoint: Any = None,
        backend: str = "auto",
        device_id: int = -1,
        threads: int | None = None,
        **unknown: Any,
    ) -> Any:
        """Reduce arguments that are read block by block, and may be larger than memory.

        Parameters
        ----------
        *args : arrays, or where to read them
            As for a call; what is indexed by i or j may be anything with shape, dtype and slices (a map of a file, an
            array of zarr, h5py, Dask or PyTorch, a class that computes its entries) or an iterable of blocks
            ``(..., n, D)``, or a function that returns one.
        out : array, or what has shape, dtype and slices that can be set, or a tuple of these, default None
            Is filled with the result, part by part, and returned.
        memory : int or str, default "1GB"
            What may be read and kept at a time, as ``"4GB"`` or a number of bytes; a new result comes beside.
        progress : bool or callable, default False
            True shows a bar; a callable gets the pairs done, the pairs in all (None when nobody knows) and the seconds.
        checkpoint : path, default None
            A file that says how far the reduction has come. A call that finds it there goes on from it, and its result
            has the same bits; it is removed at the end.
        backend, device_id, threads
            As for a call.

        Returns
        -------
        array, or tuple of arrays
            As a call; `out` where it is given.

        Raises
        ------
        ArgumentTypeError, ArgumentValueError
            If an argument does not fit its alias or the other arguments, or `memory` is too little.
        CheckpointError
            If the checkpoint is damaged or of another call, or cannot be written.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import Genred
        >>> nearest = Genred("SqDist(x, y)", ["x = Vi(1)", "y = Vj(1)"], "ArgMin", axis=1)
        >>> x = np.asarray([[0.0], [3.0]])
        >>> def blocks():
        ...     yield np.asarray([[5.0], [1.0]])
        ...     yield np.asarray([[2.0], [4.0]])
        >>> nearest.stream(x, blocks, memory="100MB")
        array([[1],
               [2]])
        """
        if unknown:
            refuse_tolerance(unknown)
            raise unknown_keywords(GenredBase.stream, unknown)
        routine = self._routine.placed(backend, device_id)
        settings = {"out": out, "memory": memory, "progress": progress, "checkpoint": checkpoint, "threads": threads}
        return stream(routine, args, **settings)

    def explain(
        self, *args: Any, target: str | None = None, tol: float | None = None, atol: float | None = None
    ) -> Explanation:
        """Return what the engine does with arguments of these shapes, in words.

        Parameters
        ----------
        *args : arrays
            As for a call.
        target : str, default None
            ``"cpu"``, ``"cuda"`` or another in the registry; a GPU need not be there. None: where
            they would be reduced.
        tol, atol : float, default None
            As for a call.

        Returns
        -------
        str
        """
        return self._routine.explain(args, target=target, tol=tol, atol=atol)

    def __repr__(self) -> str:
        formula, aliases = shortened(self._formulas[0], LONGEST), shortened(repr(self.aliases), LONGEST)
        return f"{type(self).__name__}({formula!r}, {aliases}, {self.reduction_op!r}, {self.axis})"

    def _card(self) -> Card:
        formulas = list(zip(("formula", "weight"), self._formulas, strict=False))
        return routine_card(type(self).__name__, formulas, self._routine)

    def _state(self) -> dict[str, Any]:
        """Return what the routine was made with."""
        options = self._routine.options
        return {
            "formula": self._formulas[0],
            "aliases": self.aliases,
            "reduction_op": self.reduction_op,
            "axis": self.axis,
            "opt_arg": self.opt_arg,
            "formula2": self._formulas[1] if len(self._formulas) == 2 else None,
            "dtype_acc": options.dtype_acc or "auto",
            "sum_scheme": options.sum_scheme,
        }

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self._state())


def _rebuild(kind: type[GenredBase], state: dict[str, Any]) -> GenredBase:
    return kind(**state)


# ---------------------------------------------------------------- the shorthands


def _output(output: str, dialect: Dialect) -> tuple[Argument, int]:
    """Read the declaration of the result, such as ``"a = Vi(2)"``, and the axis that is reduced."""
    try:
        argument = parse_alias("".join(output.split()), 0, dialect)
    except (FormulaError, AttributeError):
        raise FormulaError(
            f"The second argument declares the result, as 'a = Vi(2)' or 'a = Vj(2)'; found {output!r}."
        ) from None
    if argument.category == Category.PARAMETER:
        raise FormulaError(
            f"The result is declared as {output!r}, but a reduction is indexed by i or j: use Vi(...) to reduce over "
            "j, Vj(...) to reduce over i."
        )
    return argument, 1 if argument.category == Category.ROW else 0


def make_generics(genred: type[Any]) -> tuple[Callable[..., Any], ...]:
    """Return `generic_sum`, `generic_logsumexp`, `generic_argmin` and `generic_argkmin` for one class of routines."""

    def generic_sum(formula: str, output: str, *aliases: str, **kwargs: Any) -> Any:
        """Return a routine that sums `formula`.

        Parameters
        ----------
        formula : str
            As for `Genred`.
        output : str
            What indexes the result: ``"a = Vi(D)"`` sums over j, ``"a = Vj(D)"`` over i.
        *aliases : str
            As for `Genred`, one string per argument.
        **kwargs
            The other arguments of `Genred`, such as ``dtype_acc``.

        Returns
        -------
        Genred
            Its calls return arrays of shape ``(..., N, D)``, over i ``(..., M, D)``.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import generic_sum
        >>> distances = generic_sum("Abs(x - y)", "a = Vi(1)", "x = Vi(1)", "y = Vj(1)")
        >>> x, y = np.asarray([[0.0], [3.0]]), np.asarray([[1.0], [2.0], [4.0]])
        >>> distances(x, y)
        array([[7.],
               [4.]])
        """
        return genred(formula, aliases, "Sum", _output(output, genred.dialect)[1], **kwargs)

    def generic_logsumexp(formula: str, output: str, *aliases: str, **kwargs: Any) -> Any:
        """Return a routine for the log-sum-exp of `formula`.

        Parameters
        ----------
        formula : str
            As for `Genred`.
        output : str
            What indexes the result: ``"a = Vi(D)"`` reduces over j, ``"a = Vj(D)"`` over i.
        *aliases : str
            As for `Genred`, one string per argument.
        **kwargs
            The other arguments of `Genred`, such as ``dtype_acc``.

        Returns
        -------
        Genred
            Its calls return arrays of shape ``(..., N, D)``, over i ``(..., M, D)``.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import generic_logsumexp
        >>> softmin = generic_logsumexp("-SqDist(x, y)", "a = Vi(1)", "x = Vi(1)", "y = Vj(1)")
        >>> x = np.zeros((2, 1))
        >>> np.exp(softmin(x, np.zeros((4, 1)))).round().tolist()
        [[4.0], [4.0]]
        """
        return genred(formula, aliases, "LogSumExp", _output(output, genred.dialect)[1], **kwargs)

    def generic_argmin(formula: str, output: str, *aliases: str, **kwargs: Any) -> Any:
        """Return a routine for the number of the column in which `formula` has its minimum.

        Parameters
        ----------
        formula : str
            As for `Genred`.
        output : str
            What indexes the result: ``"a = Vi(D)"`` reduces over j, ``"a = Vj(D)"`` over i.
        *aliases : str
            As for `Genred`, one string per argument.
        **kwargs
            The other arguments of `Genred`, such as ``dtype_acc``.

        Returns
        -------
        Genred
            Its calls return arrays of shape ``(..., N, D)``, over i ``(..., M, D)``, with dtype int64.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import generic_argmin
        >>> nearest = generic_argmin("SqDist(x, y)", "a = Vi(1)", "x = Vi(1)", "y = Vj(1)")
        >>> x, y = np.asarray([[0.0], [3.0]]), np.asarray([[1.0], [2.0], [4.0]])
        >>> nearest(x, y)
        array([[0],
               [1]])
        """
        return genred(formula, aliases, "ArgMin", _output(output, genred.dialect)[1], **kwargs)

    def generic_argkmin(formula: str, output: str, *aliases: str, **kwargs: Any) -> Any:
        """Return a routine for the numbers of the K columns in which `formula` has its smallest values.

        Parameters
        ----------
        formula : str
            As for `Genred`.
        output : str
            ``"a = Vi(K)"`` reduces over j, ``"a = Vj(K)"`` over i.
        *aliases : str
            As for `Genred`, one string per argument.
        **kwargs
            The other arguments of `Genred`, such as ``dtype_acc``.

        Returns
        -------
        Genred
            Its calls return arrays of shape ``(..., N, K)``, over i ``(..., M, K)``, with dtype int64.

        Examples
        --------
        >>> import numpy as np
        >>> from pairfold.numpy import generic_argkmin
        >>> nearest = generic_argkmin("SqDist(x, y)", "a = Vi(2)", "x = Vi(1)", "y = Vj(1)")
        >>> x, y = np.asarray([[0.0], [3.0]]), np.asarray([[1.0], [2.0], [4.0]])
        >>> nearest(x, y)
        array([[0, 1],
               [1, 2]])
        """
        argument, axis = _output(output, genred.dialect)
        return genred(formula, aliases, "ArgKMin", axis, opt_arg=argument.dim, **kwargs)

    return generic_sum, generic_logsumexp, generic_argmin, generic_argkmin
