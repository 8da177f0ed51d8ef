"""The preset voices of engines: the nearest to a recording, and replacements for voices of removed engines."""
