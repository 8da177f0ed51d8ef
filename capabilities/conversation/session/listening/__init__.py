"""Recognition of the person's speech: where they speak, whether they have finished, and whether there were words at all."""
