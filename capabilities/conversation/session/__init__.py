"""Talking with a language model: it listens, answers in a voice of the studio, and can be interrupted."""
