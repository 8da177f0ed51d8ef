"""Talking with the studio, as far as it is built: rehearsing a scene, in which the studio speaks the other parts."""
