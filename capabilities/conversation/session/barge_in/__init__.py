"""Classifies a sound of the person during a reply."""
