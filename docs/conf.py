"""Sphinx configuration."""

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

import gallery

project = "pairfold"
author = "The pairfold authors"
release = version = installed_version("pairfold")
copyright = f"2026, {author}"  # noqa: A001 - the name that Sphinx reads
extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
    "boxes",
    "house",
    "look",
    "measured",
    "offline",
    "reference",
    "registry",
    "source",
]
sphinx_gallery_conf = gallery.configuration()
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"pairfold {release}"
pygments_dark_style = "github-dark"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["site.css"]
mathjax_path = "mathjax/tex-chtml.js"
viewcode_line_numbers = True
# What is copied can be pasted into a program: no prompts, no output.
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
autodoc_typehints = "none"
napoleon_google_docstring = False
napoleon_use_rtype = False
default_role = "py:obj"
nitpicky = False
