"""The studio's tests; before any of them imports numpy, libraries are told to compute with one thread.

Several tests run at once: more threads than cores wait for each other, and compute while they wait.
"""

from __future__ import annotations

import os

for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
    os.environ.setdefault(_threads, "1")
