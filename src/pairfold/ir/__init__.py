"""The language: one node class, one record class per kind of fact."""
