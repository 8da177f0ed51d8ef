"""The messages of failures: codes with parameters, and their texts in each language.

Standard library alone, because workers of every environment use it; Babel is used only for languages other than English.
"""
