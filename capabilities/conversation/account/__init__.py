"""The record of a conversation: written while it goes on, read back, exported, and used in other parts of the studio."""
