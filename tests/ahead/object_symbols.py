"""The names that an object file leaves for the linker to find, read from its symbol table: ELF, COFF and Mach-O."""

from __future__ import annotations

import struct

__all__ = ["undefined_symbols"]


def undefined_symbols(code: bytes) -> set[str]:
    """Return the undefined symbols of a 64-bit little-endian object file."""
    if code[:4] == b"\x7fELF":
        return _elf(code)
    if code[:4] == b"\xcf\xfa\xed\xfe":
        return _mach_o(code)
    return _coff(code)


def _name(code: bytes, start: int) -> str:
    return code[start : code.index(b"\0", start)].decode()


def _elf(code: bytes) -> set[str]:
    table, size, count = (*struct.unpack_from("<Q", code, 0x28), *struct.unpack_from("<HH", code, 0x3A))
    sections = [struct.unpack_from("<IIQQQQIIQQ", code, table + size * k) for k in range(count)]
    found = set()
    for section in sections:
        if section[1] == 2:  # the symbol table; its names are in the section that it links to
            names = sections[section[6]][4]
            for start in range(section[4] + 24, section[4] + section[5], 24):
                name, _, _, where = struct.unpack_from("<IBBH", code, start)
                if where == 0:
                    found.add(_name(code, names + name))
    return found


def _mach_o(code: bytes) -> set[str]:
    (commands,) = struct.unpack_from("<I", code, 16)
    start, found = 32, set()
    for _ in range(commands):
        kind, size = struct.unpack_from("<II", code, start)
        if kind == 2:
            symbols, count, names, _ = struct.unpack_from("<IIII", code, start + 8)
            for k in range(count):
                name, type_ = struct.unpack_from("<IB", code, symbols + 16 * k)
                if type_ & 0x0E == 0 and type_ & 1:
                    found.add(_name(code, names + name))
        start += size
    return found


def _coff(code: bytes) -> set[str]:
    symbols, count = struct.unpack_from("<II", code, 8)
    names, found, k = symbols + 18 * count, set(), 0
    while k < count:
        short, _, section, _, storage, more = struct.unpack_from("<8sIhHBB", code, symbols + 18 * k)
        if section == 0 and storage == 2:
            long = short[:4] == b"\0\0\0\0"
            found.add(_name(code, names + struct.unpack("<I", short[4:])[0]) if long else short.rstrip(b"\0").decode())
        k += 1 + more
    return found
