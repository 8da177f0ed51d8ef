"""Which errors each public call can end with, read out of the source: what a call reaches, and the codes that are raised there.

`index` knows the names, classes and annotations of every module; `calls` follows what one function calls, by the types of
its annotations; `reach` starts at the calls. Where a type is not known only the methods of engines are followed, by their name.
"""
