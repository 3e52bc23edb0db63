"""Newsbell: watches news feeds and rings the right channel."""

__version__ = "0.1.0"
