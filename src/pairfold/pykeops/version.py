"""The version of pykeops that programs are told."""

VERSION = "2.2.3"
"""The last release before 2.3, which some programs do not allow."""
