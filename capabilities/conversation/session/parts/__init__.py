"""The parts of a session (recogniser, language model, voice), each in a thread of its own."""
