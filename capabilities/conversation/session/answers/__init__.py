"""Begins answers, makes them, and ends those that nobody needs any more."""
