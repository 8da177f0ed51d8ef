"""Messages of failures: codes with parameters, and their texts in each language.

Uses the standard library only, because workers of every environment import it; Babel is used only for languages other than
English.
"""
