"""From what the mind writes to what is heard: the spoken copy, its words in its sound, and how far the listener is."""
