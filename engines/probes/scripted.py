"""The function that torch's JIT compiles from its source, which therefore has no annotations and no comments."""
# mypy: ignore-errors


def fused(x):
    """Return a chain of operations that the JIT's fuser turns into one kernel."""
    return (x * 2.0 + 1.0).sigmoid() * x
