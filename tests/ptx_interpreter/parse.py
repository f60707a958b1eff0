"""The text of a PTX module, as data."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.ptx_interpreter.errors import PtxSyntaxError

SIZES = {
    "pred": 1, "b8": 1, "u8": 1, "s8": 1, "b16": 2, "u16": 2, "s16": 2, "f16": 2, "bf16": 2, "b32": 4, "u32": 4,
    "s32": 4, "f32": 4, "f16x2": 4, "bf16x2": 4, "tf32": 4, "b64": 8, "u64": 8, "s64": 8, "f64": 8, "b128": 16,
}  # fmt: skip
"""Bytes of every PTX type; a predicate is one bool."""

SPACES = frozenset({"param", "global", "shared", "local", "const"})


@dataclass(frozen=True)
class Register:
    """A register, by name; ``%tid.x`` and its like too."""

    name: str


@dataclass(frozen=True)
class Immediate:
    """A number; `is_float` tells whether it was written as bits of a floating point number, `size` bytes of them."""

    bits: int
    is_float: bool = False
    size: int = 8


@dataclass(frozen=True)
class Symbol:
    """The address of a variable plus an offset; also labels and functions."""

    name: str
    offset: int = 0


@dataclass(frozen=True)
class Address:
    """``[base + offset]``; without a base, an absolute address."""

    base: Register | Symbol | None
    offset: int = 0


@dataclass(frozen=True)
class Vector:
    """``{a, b, ...}``."""

    parts: tuple[Operand, ...]


@dataclass(frozen=True)
class Pair:
    """``a|b``: two results."""

    first: Register
    second: Register


@dataclass(frozen=True)
class Negated:
    """``!p``."""

    register: Register


@dataclass(frozen=True)
class Group:
    """``(a, b)``: the arguments or results of a call."""

    parts: tuple[Operand, ...]


Operand = Register | Immediate | Symbol | Address | Vector | Pair | Negated | Group


@dataclass(frozen=True)
class Instruction:
    """One instruction, with the predicate that guards it."""

    opcode: str
    operands: tuple[Operand, ...]
    line: int
    text: str
    guard: Register | None = None
    guard_negated: bool = False

    @property
    def name(self) -> str:
        """The opcode up to its first dot."""
        return self.opcode.partition(".")[0]

    @property
    def modifiers(self) -> list[str]:
        """What follows the name, between dots."""
        return self.opcode.split(".")[1:]


@dataclass(frozen=True)
class Variable:
    """A variable in one of the state spaces; `size` is 0 for ``extern`` arrays, whose size the launch gives."""

    name: str
    space: str
    type: str
    size: int
    alignment: int
    initial: tuple[Immediate | Symbol, ...] = ()
    is_extern: bool = False


@dataclass
class Function:
    """A kernel or a device function."""

    name: str
    is_kernel: bool
    line: int
    parameters: list[Variable] = field(default_factory=list)
    results: list[Variable] = field(default_factory=list)
    registers: dict[str, str] = field(default_factory=dict)
    variables: list[Variable] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    targets: dict[str, list[str]] = field(default_factory=dict)
    directives: dict[str, tuple[int, ...]] = field(default_factory=dict)
    is_defined: bool = False


@dataclass
class Module:
    """A parsed module."""

    version: str = ""
    target: str = ""
    variables: list[Variable] = field(default_factory=list)
    functions: dict[str, Function] = field(default_factory=dict)


class Token(NamedTuple):
    """A word of the text and where it begins."""

    text: str
    start: int


_TOKENS = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<token>"[^"]*"
    |0[fF][0-9a-fA-F]{8}(?!\w)|0[dD][0-9a-fA-F]{16}(?!\w)|0[xX][0-9a-fA-F]+U?|\d+\.\d+|\d+U?
    |[A-Za-z_$%.](?:[\w$.%]|::(?=\w))*
    |[][(){}<>,;:@!|=+\-*])""",
    re.VERBOSE | re.DOTALL,
)
_LINKAGE = frozenset({".visible", ".extern", ".weak", ".common"})
_NUMBER = re.compile(r"\d")


def parse(text: str) -> Module:
    """Read a PTX module.

    Raises
    ------
    PtxSyntaxError
        When the text is not PTX of the kind that LLVM and nvcc write.
    """
    return _Parser(text).module()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = [match.start() for match in re.finditer("\n", text)]
        self._tokens = self._split(text)
        self._position = 0
        self._scopes: list[dict[str, str]] = []
        self._scope_count = 0
        self._register_names: set[str] = set()

    def _split(self, text: str) -> list[Token]:
        tokens, position = [], 0
        while position < len(text):
            match = _TOKENS.match(text, position)
            if match is None:
                raise PtxSyntaxError(f"line {self._line_at(position)}: {text[position : position + 20]!r} is not PTX.")
            if match.lastgroup == "token":
                tokens.append(Token(match.group(), position))
            position = match.end()
        return tokens

    def _line_at(self, position: int) -> int:
        return bisect_right(self._lines, position - 1) + 1

    # Words ------------------------------------------------------------------------------------------------------------

    @property
    def _word(self) -> str:
        return self._tokens[self._position].text if self._position < len(self._tokens) else ""

    @property
    def _line(self) -> int:
        place = min(self._position, len(self._tokens) - 1)
        return self._line_at(self._tokens[place].start) if self._tokens else 1

    def _next(self) -> str:
        word = self._word
        if not word:
            raise PtxSyntaxError(f"line {self._line}: the text ends too early.")
        self._position += 1
        return word

    def _accept(self, word: str) -> bool:
        if self._word != word:
            return False
        self._position += 1
        return True

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise PtxSyntaxError(f"line {self._line}: expected {word!r}, found {self._word!r}.")

    def _integer(self) -> int:
        sign = -1 if self._accept("-") else 1
        number = self._number(self._next())
        if number.is_float:
            raise PtxSyntaxError(f"line {self._line}: expected an integer.")
        return sign * number.bits

    def _number(self, word: str) -> Immediate:
        if word[:2] in {"0f", "0F"} and len(word) == 10:
            return Immediate(int(word[2:], 16), True, 4)
        if word[:2] in {"0d", "0D"} and len(word) == 18:
            return Immediate(int(word[2:], 16), True, 8)
        try:
            return Immediate(int(word.rstrip("U"), 0))
        except ValueError:
            raise PtxSyntaxError(f"line {self._line}: expected a number, found {word!r}.") from None

    # Module -----------------------------------------------------------------------------------------------------------

    def module(self) -> Module:
        module = Module()
        self._scopes.append({})
        while self._word:
            self._top_level(module)
        if not module.version:
            raise PtxSyntaxError("line 1: a PTX module begins with .version.")
        return module

    def _top_level(self, module: Module) -> None:
        word = self._word
        if word == ".version":
            self._next()
            module.version = self._next()
        elif word == ".target":
            self._next()
            module.target = self._next()
            while self._accept(","):
                self._next()
        elif word == ".address_size":
            self._next()
            if self._next() != "64":
                raise PtxSyntaxError(f"line {self._line}: the interpreter knows only addresses of 64 bits.")
        elif word in {".file", ".section"}:
            self._skip_debug()
        else:
            self._declaration(module)

    def _skip_debug(self) -> None:
        line = self._line
        is_section = self._next() == ".section"
        if is_section:
            while self._next() != "}":
                pass
        else:
            while self._word and self._line == line:
                self._next()

    def _declaration(self, module: Module) -> None:
        linkage = set()
        while self._word in _LINKAGE:
            linkage.add(self._next())
        word = self._word
        if word in {".entry", ".func"}:
            function = self._function()
            known = module.functions.get(function.name)
            if known is None or function.is_defined:
                module.functions[function.name] = function
        elif word[1:] in SPACES:
            module.variables += self._variables(".extern" in linkage)
        else:
            raise PtxSyntaxError(f"line {self._line}: {word!r} is not known at the top of a module.")

    # Variables --------------------------------------------------------------------------------------------------------

    def _variables(self, is_extern: bool = False) -> list[Variable]:
        space = self._next()[1:]
        type_, alignment, count = self._type()
        variables = [self._variable(space, type_, alignment, count, is_extern)]
        while self._accept(","):
            variables.append(self._variable(space, type_, alignment, count, is_extern))
        self._expect(";")
        return variables

    def _type(self) -> tuple[str, int, int]:
        alignment, count, type_ = 0, 1, ""
        while self._word.startswith("."):
            word = self._next()[1:]
            if word == "align":
                alignment = self._integer()
            elif word in {"v2", "v4"}:
                count = int(word[1])
            elif word in SIZES:
                type_ = word
            elif word not in {"ptr", "attribute", *SPACES}:
                raise PtxSyntaxError(f"line {self._line}: {'.' + word!r} is not known in a declaration.")
            if word == "ptr":
                # The alignment that follows is that of the memory pointed to, not of the parameter.
                self._accept(".global")
                while self._word[1:] in SPACES:
                    self._next()
                if self._accept(".align"):
                    self._integer()
        if not type_:
            raise PtxSyntaxError(f"line {self._line}: a declaration needs a type, found {self._word!r}.")
        return type_, alignment or SIZES[type_] * count, count

    def _variable(self, space: str, type_: str, alignment: int, count: int, is_extern: bool) -> Variable:
        name = self._declare(self._next())
        size = SIZES[type_] * count
        while self._accept("["):
            size *= 0 if self._word == "]" else self._integer()
            self._expect("]")
        initial: tuple[Immediate | Symbol, ...] = ()
        if self._accept("="):
            initial = self._initialiser()
            size = size or SIZES[type_] * len(initial)
        return Variable(name, space, type_, size, alignment, initial, is_extern)

    def _initialiser(self) -> tuple[Immediate | Symbol, ...]:
        if self._accept("{"):
            parts: tuple[Immediate | Symbol, ...] = ()
            while not self._accept("}"):
                parts += self._initialiser()
                self._accept(",")
            return parts
        if _NUMBER.match(self._word):
            return (self._number(self._next()),)
        if self._word == "-":
            return (Immediate(self._integer()),)
        name = self._next()
        if name == "generic":
            self._expect("(")
            name = self._next()
            self._expect(")")
        return (Symbol(name, self._integer() if self._accept("+") else 0),)

    def _declare(self, name: str) -> str:
        """Give a name that was declared before in another scope of the same function a new one."""
        unique = name if len(self._scopes) <= 2 else f"{name}#{self._scope_count}"
        self._scopes[-1][name] = unique
        return unique

    def _resolve(self, name: str) -> str:
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return name

    # Functions --------------------------------------------------------------------------------------------------------

    def _function(self) -> Function:
        line = self._line
        is_kernel = self._next() == ".entry"
        self._scopes.append({})
        results = self._parameter_list() if self._word == "(" else []
        function = Function(self._next(), is_kernel, line, results=results)
        if self._word == "(":
            function.parameters = self._parameter_list()
        while self._word not in {"{", ";"}:
            self._directive(function)
        if self._accept("{"):
            function.is_defined = True
            self._body(function)
        else:
            self._expect(";")
        self._scopes.pop()
        return function

    def _parameter_list(self) -> list[Variable]:
        self._expect("(")
        parameters = []
        while not self._accept(")"):
            if self._next() not in {".param", ".reg"}:
                raise PtxSyntaxError(f"line {self._line}: expected .param, found {self._word!r}.")
            type_, alignment, count = self._type()
            parameters.append(self._variable("param", type_, alignment, count, False))
            self._accept(",")
        return parameters

    def _directive(self, function: Function) -> None:
        name = self._next()
        if not name.startswith("."):
            raise PtxSyntaxError(f"line {self._line}: expected a directive of {function.name}, found {name!r}.")
        values = []
        while _NUMBER.match(self._word):
            values.append(self._integer())
            self._accept(",")
        function.directives[name[1:]] = tuple(values)

    def _body(self, function: Function) -> None:
        """Read statements up to the closing brace."""
        while not self._accept("}"):
            word = self._word
            if word == "{":
                self._next()
                self._scopes.append({})
                self._scope_count += 1
                self._body(function)
                self._scopes.pop()
            elif word == ".reg":
                self._registers(function)
            elif word[1:] in SPACES and word[0] == ".":
                function.variables += self._variables()
            elif word in {".loc", ".file"}:
                self._skip_debug()
            elif word == ".pragma":
                while self._next() != ";":
                    pass
            elif self._position + 1 < len(self._tokens) and self._tokens[self._position + 1].text == ":":
                self._label(function)
            else:
                function.instructions.append(self._instruction())

    def _label(self, function: Function) -> None:
        name = self._next()
        self._expect(":")
        if name in function.labels:
            raise PtxSyntaxError(f"line {self._line}: the label {name!r} exists already.")
        if self._accept(".branchtargets"):
            function.targets[name] = [self._next()]
            while self._accept(","):
                function.targets[name].append(self._next())
            self._expect(";")
        else:
            function.labels[name] = len(function.instructions)

    def _registers(self, function: Function) -> None:
        self._next()
        type_ = self._next()[1:]
        if type_ not in SIZES:
            raise PtxSyntaxError(f"line {self._line}: registers of type {type_!r} are not known.")
        while True:
            name = self._next()
            if self._accept("<"):
                names = [f"{name}{number}" for number in range(self._integer())]
                self._expect(">")
            else:
                names = [name]
            unique_names = [self._declare(name) for name in names]
            self._register_names.update(unique_names)
            function.registers.update(dict.fromkeys(unique_names, type_))
            if not self._accept(","):
                break
        self._expect(";")

    def _instruction(self) -> Instruction:
        begin, line = self._position, self._line
        guard, negated = None, False
        if self._accept("@"):
            negated = self._accept("!")
            guard = Register(self._resolve(self._next()))
        opcode = self._next()
        if not opcode[0].isalpha():
            raise PtxSyntaxError(f"line {line}: expected an instruction, found {opcode!r}.")
        operands: list[Operand] = []
        while not self._accept(";"):
            operands.append(self._operand())
            self._accept(",")
        start, end = self._tokens[begin].start, self._tokens[self._position - 1].start
        text = " ".join(self._text[start:end].split())
        return Instruction(opcode, tuple(operands), line, text, guard, negated)

    def _operand(self) -> Operand:
        word = self._word
        if word == "{":
            return Vector(self._sequence("{", "}"))
        if word == "(":
            return Group(self._sequence("(", ")"))
        if word == "[":
            return self._address()
        if word == "!":
            self._next()
            return Negated(Register(self._resolve(self._next())))
        if word == "-":
            return Immediate(self._integer())
        if _NUMBER.match(word):
            return self._number(self._next())
        if word == "WARP_SZ":
            self._next()
            return Immediate(32)
        return self._named()

    def _named(self) -> Operand:
        name = self._named_base()
        if isinstance(name, Symbol):
            return Symbol(name.name, self._integer()) if self._accept("+") else name
        if self._accept("|"):
            return Pair(name, Register(self._resolve(self._next())))
        return name

    def _named_base(self) -> Register | Symbol:
        word = self._next()
        if not (word[0] in "%_$" or word[0].isalpha()):
            raise PtxSyntaxError(f"line {self._line}: {word!r} is no operand.")
        name = self._resolve(word)
        # Names without a percent sign may be registers too, in inline assembly.
        return Register(name) if word[0] == "%" or word == "_" or name in self._register_names else Symbol(name)

    def _sequence(self, opening: str, closing: str) -> tuple[Operand, ...]:
        self._expect(opening)
        parts = []
        while not self._accept(closing):
            parts.append(self._operand())
            self._accept(",")
        return tuple(parts)

    def _address(self) -> Address:
        self._expect("[")
        base = None if _NUMBER.match(self._word) or self._word == "-" else self._named_base()
        offset = 0
        if base is None or self._accept("+"):
            offset = self._integer()
        self._expect("]")
        return Address(base, offset)
