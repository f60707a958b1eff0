"""Sphinx configuration."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import gallery

project = "pairfold"
author = "The pairfold authors"
release = version = installed_version("pairfold")
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx_gallery.gen_gallery",
    "boxes",
    "gallery",
    "house",
    "registry",
]
sphinx_gallery_conf = gallery.configuration()
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"pairfold {release}"
autodoc_typehints = "none"
napoleon_google_docstring = False
nitpicky = False
