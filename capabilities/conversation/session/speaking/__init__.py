"""From the language model's text to playback: the spoken copy, its words in its sound, and the client's position."""
