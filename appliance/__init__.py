"""The core of Scopeside: what happens to a picture, from lens to report. Knows nothing of Flask."""

from importlib.metadata import version

__version__ = version("scopeside")
