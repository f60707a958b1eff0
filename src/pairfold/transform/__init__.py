"""Passes on expressions: differentiate, expand, simplify, separate."""
