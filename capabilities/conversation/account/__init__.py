"""The account of a conversation: kept while it goes, read back whole, given out, and taken into the studio."""
