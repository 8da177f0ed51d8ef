"""Benches of conversations."""
