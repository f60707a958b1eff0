"""What `explain` predicts is what the machine executes."""

from __future__ import annotations

import re

import llvmlite.binding as llvm
import pytest

from pairfold.codegen.cost import Cost, code_size, cost_per_pair, primitive_cost
from pairfold.codegen.lanes import Lanes
from pairfold.codegen.primitives import Fold, Structure, find_primitive
from pairfold.engine.plan import make_plan
from pairfold.ir.expr import OPERATIONS
from pairfold.ir.problem import Problem
from pairfold.ops.arithmetic import apply, constant
from pairfold.reductions import REDUCTIONS
from pairfold.targets.cpu.compile import LOOP_COST
from pairfold.targets.cuda.lanes import CudaLanes
from tests.calls import code_of, explain
from tests.codegen.drivers import Machine, assembly_text, machines
from tests.engine.problems import G, X, Y, gaussian_sum

PRIMITIVES = sorted(name for name, op in OPERATIONS.items() if op.expand is None and op.arity)
FUNCTIONS = {name: "pow" if name == "Powf" else name.lower() for name in PRIMITIVES if OPERATIONS[name].ulp > 0.5}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PRIMITIVES)
def test_every_primitive_has_a_cost(name: str, dtype: str) -> None:
    """It is counted from what the emitters emit, or nothing has to be computed."""
    op = OPERATIONS[name]
    if not op.elementwise:
        assert isinstance(find_primitive(name), (Fold, Structure))
        return
    for make, arguments in ((Lanes, (8, dtype, frozenset({"fma", "avx2"}))), (CudaLanes, (dtype,))):
        cost = primitive_cost(name, op.arity, make, *arguments)
        assert cost.instructions >= (name != "Minus")
        assert cost.special == (make is CudaLanes and dtype == "float32" and name in ("Exp", "Sqrt", "Rsqrt"))
        if name in FUNCTIONS and name not in ("Sqrt", "Rsqrt") and make is Lanes:
            assert cost.instructions > 12


def _executed(function: str, dtype: str, machine: Machine) -> int:
    """Count the vector instructions of a function in machine code; divisions and roots count by their time."""
    lanes = machine.widest // (32 if dtype == "float32" else 64)
    module = llvm.parse_assembly(assembly_text(function, dtype, lanes, machine))
    target = llvm.Target.from_triple(llvm.get_process_triple())
    target_machine = target.create_target_machine(cpu=machine.processor, features=machine.attributes, opt=2)
    builder = llvm.create_pass_builder(target_machine, llvm.create_pipeline_tuning_options(speed_level=2))
    builder.getModulePassManager().run(module, builder)
    text = target_machine.emit_assembly(module).split("driver:")[1].split(".Lfunc_end")[0]
    count = 0
    for block in re.split(r"^\.LBB\S*:", text, flags=re.MULTILINE):
        if "pairfold.reduce" in block:
            continue  # the rare reduction of large angles
        for name in re.findall(r"^\s+(\w+)\s[^\n]*[xyz]mm", block, flags=re.MULTILINE):
            if not re.search("mov|broadcast", name):
                count += 8 if "div" in name else 12 if "sqrt" in name and "rsqrt" not in name else 1
    return count


@pytest.mark.skipif("x86_64" not in llvm.get_process_triple(), reason="the instructions of x86-64 are counted")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_predictions_are_near_the_instructions_of_the_machine(name: str, dtype: str) -> None:
    for machine in machines().values():
        executed = _executed(FUNCTIONS[name], dtype, machine)
        lanes = machine.widest // (32 if dtype == "float32" else 64)
        predicted = primitive_cost(name, OPERATIONS[name].arity, Lanes, lanes, dtype, machine.features).instructions
        assert 2 * executed <= 3 * predicted <= 4 * executed, (machine.name, predicted, executed)


def test_a_formula_costs_what_its_parts_cost() -> None:
    def cost(name: str, *args: object) -> Cost:
        task = Problem(apply(name, *args), REDUCTIONS["Sum"])  # type: ignore[arg-type]
        return cost_per_pair(make_plan(task).work, *lanes)

    lanes = (Lanes, 8, "float32", frozenset({"avx2", "fma"}))
    difference = cost("Subtract", X, Y * X)
    assert cost("Erf", X - Y * X) == difference + primitive_cost("Erf", 1, *lanes) * 3
    assert cost("Add", X, Y * X) == difference
    # The factor of the argument of an exponential and a product that is added cost nothing.
    assert cost("Exp", -G * (X - Y)) == cost("Exp", X - Y)
    assert cost("Exp", constant(0.7) * (X - Y)) == cost("Exp", X - Y)
    text = explain(Problem(apply("Erf", X - Y), REDUCTIONS["Sum"]), 10, 10)
    (predicted,) = re.findall(r"predicted limit: (\d+) vector instructions", text)
    assert int(predicted) > 100


def test_special_functions_of_a_gpu() -> None:
    cost = cost_per_pair(make_plan(gaussian_sum()).work, CudaLanes, "float32")
    assert cost.special == 1
    assert cost.instructions < 20
    assert cost_per_pair(make_plan(gaussian_sum()).work, CudaLanes, "float64").special == 0


@pytest.mark.parametrize("name", [name for name in PRIMITIVES if OPERATIONS[name].elementwise])
def test_explanation_and_schedule_use_one_cost(name: str) -> None:
    """What `explain` prints is what threads are chosen by; the size of the code is counted in the same instructions."""
    op = OPERATIONS[name]
    task = Problem(apply(name, *[X - Y, X * Y, Y][: op.arity]), REDUCTIONS["Sum"])
    code = code_of(task, "float32")
    (printed,) = re.findall(r"predicted limit: (\d+) vector instructions for (\d+)", explain(task, 10, 10))
    assert code.cost == (int(printed[0]) + LOOP_COST) / int(printed[1])
    lanes = Lanes, code.schedule.lanes, "float32", code.schedule.features
    unrolled, rolled = (code_size(make_plan(task).work, unroll, *lanes) for unroll in (3, 1))
    assert unrolled >= 3 * primitive_cost(name, op.arity, *lanes).size
    assert unrolled > rolled
