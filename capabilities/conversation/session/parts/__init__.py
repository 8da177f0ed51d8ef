"""Who listens, thinks and speaks: the parts of a session, each in a thread of its own."""
