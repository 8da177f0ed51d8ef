"""A conversation with a language model: speech recognition, answers in a voice of the studio, and interruptions."""
