"""The function that torch's jit compiles: it reads the source, so there are no annotations and no comments in it."""
# mypy: ignore-errors


def fused(x):
    """What the jit's fuser makes one kernel of."""
    return (x * 2.0 + 1.0).sigmoid() * x
