r"""What the packages for R, MATLAB and Octave speak to: one function on text and bytes.

``call(head, data)`` takes a request and returns an answer. R and MATLAB call it in their own process; for Octave
``python -m pairfold.bridge serve`` does the same over pipes. Nothing in a request is evaluated as a program: names are
looked up in tables that the registries of operations and reductions give, so each of these exists in every language.

Heads
-----
A head is UTF-8 text: lines that end with a line feed (the last one may do without), fields separated by tabs. In a
field, backslash, tab and line feed are written ``\\``, ``\t`` and ``\n``. The first line of a request is its command
and the version of the client, which must be that of pairfold; the order of the other lines is free where nothing else
is said. The data are the bytes of the arrays of the head, one after another, without padding, little-endian.

An array is described by its type (``float32``, ``float64``, ``complex64``, ``complex128``, ``int32``, ``int64``,
``uint8``) and its shape, ``100,3``. These lines apply to all arrays of a request:

``order <tab> F`` or ``C``
    The first index runs fastest (F, the default), or the last one: a D x N array of points in columns, as R, MATLAB
    and Octave keep it in memory, is sent without any work with shape ``N,D`` and order C.
``result_order <tab> F`` or ``C``
    The same for results; by default that of ``order``.
``index_base <tab> 0`` or ``1``
    What indices in results count from; 0 by default. Indices are sent as float64.
``option <tab> NAME <tab> VALUE``
    ``threads``, ``backend``, ``device_id``, ``progress`` for every computation; ``sum_scheme`` and ``dtype_acc``, which
    are passed over by reductions that add nothing up. A value is an argument, see below.

Answers
-------
``ok <tab> VERSION``, then one line per fact; or, with no data, ``error <tab> CLASSES <tab> MESSAGE``, CLASSES being the
name of the class of the error and those of its parents, separated by commas, down to ``Exception``, and MESSAGE never
empty. The facts:

``result <tab> value`` or ``index <tab> TYPE <tab> SHAPE``
    An array of the data, in order. The working precision is that of the arrays sent.
``tensor <tab> real`` or ``complex <tab> TYPE <tab> SHAPE <tab> FORMULA``
    What `describe` says; the type is ``none`` when there are only numbers, and a size ``-1`` is not known yet.
``text <tab> TEXT``
    What steps that give words, such as ``explain``, say.
``warning <tab> CLASS <tab> MESSAGE``
    Anywhere.

Commands
--------
``hello``
    The facts are lines ``NAME <tab> VALUE``: ``pairfold``, ``python``, ``executable``, ``numpy``, ``threads``.
``describe`` and ``evaluate``: expressions
    A LazyTensor of a client is a list of lines, which Python replays on its own LazyTensors, and the arrays.

    ``array <tab> ID <tab> KIND <tab> TYPE <tab> SHAPE`` is an argument: KIND ``i`` makes ``Vi(x)``, ``j`` ``Vj(x)``,
    ``p`` ``Pm(x)`` (any shape with one axis that is not 1), ``n`` ``LazyTensor(x)`` by its shape (``N,1,D``), and ``v``
    leaves the plain array, for ``matvec``, ``solve`` and the like. Several ``array`` lines may have batch axes.

    ``step <tab> ID <tab> METHOD <tab> ARGUMENT <tab> ...`` applies a method to what came before. An ID is any text
    without white space; a line may come twice, an ID with two meanings is an error. An argument is ``#ID``; an
    integer; a number as Python reads it (``%.17g``, ``nan``, ``inf``), with ``j`` at its end when imaginary
    (``1+2j``); ``true``, ``false``, ``none``; ``'text`` (a single quote at its start only); ``:`` or ``2:5``, a slice
    as in Python; a list of these, ``[1,2.5,#3]``; and ``name=ARGUMENT``, a keyword. METHOD is one of

    * ``+ - * / // % ** | < <= > >= == !=`` on two arguments of which one at least is a tensor, ``-`` on one;
    * a method or property of LazyTensor (``exp``, ``sqdist``, ``T``, ``real``, ``sum``, ``argKmin``, ``matvec``,
      ``solve``, ``grad``, ``dense``, ...): `pairfold.bridge.steps.METHODS`, arguments as in Python;
    * an operation by its name in formulas, ``ElemT``, first the operands, then the static parameters;
    * ``[``: ``#K``, rows, columns, components, each a slice or a list of numbers from 0, as ``K[rows, columns, last]``;
    * ``Vi``, ``Vj``, ``Pm``: a symbolic variable from a number and a dimension; ``Pm`` also from a number or a list;
    * ``pullback``: ``#F``, ``'Sum`` (or any reduction), 0 or 1 (the axis that is reduced), ``#v``, ``#e``, and the
      keywords ``K`` and ``weight``: the gradient of that reduction of F with respect to the argument v, applied to the
      plain array e, which is shaped like the result; the gradient is shaped like v.

    The last step is the result. ``evaluate`` answers with its ``result`` lines. ``describe`` is sent without data at
    all, computes nothing, finds all mistakes of shapes, and answers with one ``tensor`` line.
``declare`` and ``genred``: formulas
    ``formula <tab> TEXT``, one ``alias <tab> TEXT`` per argument, ``axis <tab> 1`` (reduce over j, the default) or
    ``0``, and ``reduction <tab> NAME``, with ``k <tab> K`` and ``weight <tab> TEXT`` where it needs them. Without
    ``reduction`` the formula holds its reduction, as ``Sum_Reduction(F, 1)`` (`pairfold.pykeops.core_formula`), and
    ``number <tab> reduced`` (the default, as rkeops 2) or ``kept`` (rkeops 1, KeOps for MATLAB) says what its number
    means. Each ``gradient <tab> NAME`` line, or a position from 0, differentiates what came so far and appends an
    argument: the cotangent, shaped like the result; the result is then shaped like that variable.

    ``declare`` answers with ``argument <tab> NAME <tab> Vi``, ``Vj`` or ``Pm <tab> DIMENSION`` lines in the order of
    the call, cotangents included (no name: empty), and with ``reduction <tab> NAME``, ``axis <tab> 0`` or ``1``,
    ``value <tab> DIMENSION`` (of the formula) lines. ``genred`` has ``array <tab> TYPE <tab> SHAPE`` lines for all
    arguments, and answers with ``result`` lines.
``solve``
    A linear system: ``formula``, ``alias``, ``axis`` as above, ``unknown <tab> NAME``, and ``array`` lines, in the
    place of the unknown the right-hand side. Settings are options: ``alpha``, ``eps``, ``rtol``, ``maxiter``,
    ``preconditioner`` (``'nystrom``), ``on_failure``.

Shapes are those of `pairfold.numpy`: N x D for Vi, M x D for Vj, D for Pm (a D x 1 or 1 x D array will do); the results
have one row per kept point; K entries of a scalar formula are N x K, of a D-vector N x K x D.

Frames
------
Over pipes, a request and an answer is a frame each: two little-endian int64, the lengths of head and data in bytes,
then the head and the data. Before its answer the server may send frames whose head is
``progress <tab> VERSION <tab> DONE <tab> TOTAL``, at most ten a second, when ``option <tab> progress <tab> true`` asks
for them. SIGINT during a computation makes the server answer at once with the error ``Interrupted``; while it waits for
a request or writes an answer it is ignored, so a client that sends SIGINT after a complete request always has exactly
one answer to read. A client that was interrupted while it wrote a request cannot go on: it ends the server and starts
another. A frame that is no frame (negative or impossible lengths) is answered with the error ``BridgeError``, and the
server ends, as it does with status 0 when its input ends.
"""

from __future__ import annotations

from pairfold.bridge.calls import call
from pairfold.bridge.message import quoted

__all__ = ["call", "quoted"]
