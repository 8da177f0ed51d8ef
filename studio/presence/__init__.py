"""Whether a live conversation is in progress, to which other work yields."""
