"""From the call to the first sound of a streamed `/v1/audio/speech`, by a warm Hibari, beside the whole answer of another text.

    python -m bench.start.first_sound [ROUNDS]

A server of its own on a data folder of its own. Every text is new, so nothing comes out of a store. The sentences that begin
the texts are short ones and one of forty words, because the wait is that for the first sentence. The clock runs from before the
connection is opened until samples have arrived that can be heard.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bench.figures import Figure, tell
from bench.start.start_time import HOME, free_port, quiet, wait_for_page

ROUNDS = 12
PROMISED_MS = 300.0
AUDIBLE = 0.003
REST = "The road ran down to the harbour. Nobody was about. " * 6
SHORT = "Good morning, this is call number {number}."
LONG = (
    "On the morning of call number {number} the two of them walked slowly along the quiet shore, past the boats and the nets "
    "that hung out to dry, until they came to the old stone house where the doctor had lived alone for so many years."
)


def main(rounds: int = ROUNDS) -> int:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        command = [sys.executable, str(HOME / "app.py"), "--port", str(port), "--data", str(Path(folder) / "data"), "--offline"]
        process = subprocess.Popen(command, cwd=HOME, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, text=True, env=quiet())
        try:
            wait_for_page(f"http://127.0.0.1:{port}", process)
            kept = [_measured(port, name, text, rounds) for name, text in (("short", SHORT), ("40-word", LONG))]
        finally:
            process.terminate()
            process.wait(30)
    return 0 if all(kept) else 1


def _measured(port: int, name: str, text: str, rounds: int) -> bool:
    for number in range(2):  # the engine is loaded, and what a first call imports is imported
        first_sound(port, f"{text.format(number=1000 + number)} {REST}")
    first, whole = [], []
    for number in range(rounds):
        first.append(1000 * first_sound(port, f"{text.format(number=number)} {REST}"))
        whole.append(1000 * first_sound(port, f"{text.format(number=500 + number)} {REST}", streamed=False))
    figure = Figure(
        f"First sound of a stream, {name} sentence", "ms", first, float(np.median(whole)), "the whole answer",
        f"at most {PROMISED_MS:.0f} on two quiet cores", "warm Hibari, over HTTP, pcm",
    )  # fmt: skip
    tell(figure)
    return figure.value <= PROMISED_MS


def first_sound(port: int, text: str, *, streamed: bool = True) -> float:
    """Seconds until the first sound of an answer that is streamed, or until all of it where it is not."""
    call = {"input": text, "model": "hibari", "response_format": "pcm"} | ({"stream_format": "audio"} if streamed else {})
    began = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("POST", "/v1/audio/speech", json.dumps(call), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise SystemExit(f"The call was answered {answer.status}: {answer.read(500)!r}")
    heard = answer.read1(1 << 16) if streamed else answer.read()
    while not _is_audible(heard):
        part = answer.read1(1 << 16)
        if not part:
            raise SystemExit("The answer is silent.")
        heard += part
    taken = time.perf_counter() - began
    answer.read()
    connection.close()
    return taken


def _is_audible(data: bytes) -> bool:
    return (
        bool(data) and int(np.abs(np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(int)).max(initial=0)) > AUDIBLE * 32768
    )


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
