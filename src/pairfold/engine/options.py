"""Where `Options` were in pickles of the versions before."""

from pairfold.ir.call import DEFAULT, Options

__all__ = ["DEFAULT", "Options"]
