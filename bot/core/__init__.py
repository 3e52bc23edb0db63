"""The words of the trade as plain Python: standard library only, and nothing here awaits the world."""
