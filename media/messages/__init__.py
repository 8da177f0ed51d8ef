"""What the studio says of a failure: codes with parameters, and the words for them in each language.

Standard library alone, because workers of every environment use it; Babel is asked only for languages other than English.
"""
