"""Conversations with a language model, and rehearsals of a scene in which the studio speaks the other parts."""
