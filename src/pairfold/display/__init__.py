"""How objects are looked at: cards of HTML for notebooks, pictures of matrices, plots."""

from pairfold.display.card import Card, Fact, Shown, shortened
from pairfold.display.picture import Picture, edges
from pairfold.display.plotting import axes_for

__all__ = ["Card", "Fact", "Picture", "Shown", "axes_for", "edges", "shortened"]
