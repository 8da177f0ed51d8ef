"""Hearing the person: where they speak, whether they are finished, and whether it were words at all."""
