"""A conversation in Chromium, both sounds measured by one tap: from the end of speech to the first sound, and of interruptions.

Chromium's microphone is a recording with pauses and a fan's hiss, and, with `echo`, the studio's own voice as well, 12 dB lower
and 80 ms late, which the browser's echo canceller does not see. Each sentence interrupts the answer to the one before. The tap
stands in the page and takes microphone and loudspeaker into one audio clock, 100 levels a second; what the studio reports is not
used.
The language model is a stand-in that writes a word every 20 ms. Weights are those of $MODEL_WEIGHTS, else of the studio.

Run: python -m bench.conversation.talk_in_chromium [TURNS] [echo]
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.conversation.conversation import ANSWER, clip
from bench.figures import Figure, tell
from media.audio.audio import Audio
from media.audio.resample import resample
from studio.settings import HOME
from tests.servers import RunningStudio, running_studio
from tests.studio.language.chat_server import chat_server, says

TURNS = 40
RATE = 48_000
PAUSE_SECONDS = 5.5
LEVELS_A_SECOND = 100
MICROPHONE, LOUDSPEAKER = 0.02, 0.004
"""Levels from which somebody speaks, and from which something is heard."""

TAP = """
(() => {
  const tap = window.tap = { levels: [] }
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
  const connect = AudioNode.prototype.connect
  const start = () => {
    if (tap.context) return
    tap.context = new AudioContext({ sampleRate: 48000 })
    tap.microphone = tap.context.createGain(); tap.speaker = tap.context.createGain()
    tap.out = tap.context.createMediaStreamDestination()
    const merge = tap.context.createChannelMerger(2), counter = tap.context.createScriptProcessor(512, 2, 1)
    connect.call(tap.microphone, merge, 0, 0); connect.call(tap.speaker, merge, 0, 1)
    connect.call(merge, counter); connect.call(counter, tap.context.destination)
    connect.call(tap.microphone, tap.out)
    if (window.tapEcho) {
      const late = tap.context.createDelay(1), soft = tap.context.createGain()
      late.delayTime.value = .08; soft.gain.value = .25
      connect.call(tap.speaker, late); connect.call(late, soft); connect.call(soft, tap.out)
    }
    let sums = [0, 0], most = 0
    counter.onaudioprocess = event => {
      const both = [0, 1].map(at => event.inputBuffer.getChannelData(at))
      for (let k = 0; k < both[0].length; k++) {
        sums[0] += both[0][k] ** 2; sums[1] += both[1][k] ** 2
        if (++most === 480) { tap.levels.push(sums.map(one => Math.sqrt(one / 480))); sums = [0, 0]; most = 0 }
      }
    }
  }
  navigator.mediaDevices.getUserMedia = async wanted => {
    start()
    const plain = { noiseSuppression: false, autoGainControl: false, echoCancellation: false }
    const stream = await open({ audio: { ...wanted.audio, ...plain } })
    connect.call(tap.context.createMediaStreamSource(stream), tap.microphone)
    return tap.out.stream
  }
  AudioNode.prototype.connect = function (to, ...more) {
    if (to instanceof AudioDestinationNode && this.context !== tap.context) {
      start()
      const copy = this.context.createMediaStreamDestination()
      connect.call(this, copy)
      connect.call(tap.context.createMediaStreamSource(copy.stream), tap.speaker)
    }
    return connect.call(this, to, ...more)
  }
})()
"""


def microphone_file(path: Path) -> None:
    """The recording that is the microphone, over and over."""
    hush = np.zeros(int(PAUSE_SECONDS * 16_000), np.float32)
    sound = np.concatenate([hush, clip("LJ001-0008"), hush, clip("LJ001-0002")])
    loud = resample(Audio(sound[:, None], 16_000), RATE).samples[:, 0]
    loud = loud + np.random.default_rng(3).standard_normal(loud.size).astype(np.float32) * np.float32(5e-4)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((np.clip(loud, -1, 1) * 32767).astype("<i2").tobytes())


def spans(loud: NDArray[np.bool_], gap: int) -> list[tuple[int, int]]:
    """[first, last) of what is loud, over pauses shorter than `gap`."""
    found: list[list[int]] = []
    for at in np.flatnonzero(loud):
        if found and at - found[-1][1] < gap:
            found[-1][1] = int(at) + 1
        else:
            found.append([int(at), int(at) + 1])
    return [(first, last) for first, last in found if last - first > 20]


def measured(levels: NDArray[np.float64]) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds: end of speech to first sound, first sound of an interruption to the lowered voice, and to silence."""
    answer: list[float] = []
    duck: list[float] = []
    silence: list[float] = []
    speaker = levels[:, 1]
    for first, last in spans(levels[:, 0] > MICROPHONE, 80):
        before = speaker[max(0, first - 150) : first]
        heard = np.flatnonzero(speaker[last + 5 : last + 500] > LOUDSPEAKER)
        if heard.size:
            answer.append(10.0 * (heard[0] + 5))
        if before.size < 150 or (before > LOUDSPEAKER).mean() < 0.5:
            continue
        usual = float(np.quantile(before, 0.8))
        around = np.array([speaker[at : at + 6].max() for at in range(first, min(first + 150, len(speaker) - 6))])
        for found, below in ((duck, 0.5 * usual), (silence, LOUDSPEAKER)):
            at = np.flatnonzero(around < below)
            if at.size:
                found.append(10.0 * at[0])
    return answer, duck, silence


def talk(studio: RunningStudio, microphone: Path, turns: int, *, echo: bool) -> NDArray[np.float64]:
    """The levels of both sounds over so many turns."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    flags = [
        "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={microphone}",
        "--autoplay-policy=no-user-gesture-required", "--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else []),
    ]  # fmt: skip
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=flags)
        page = browser.new_page()
        page.add_init_script(f"window.tapEcho = {str(echo).lower()};{TAP}")
        page.goto(studio.url)
        page.get_by_role("tab", name="Conversation", exact=True).click()
        page.locator("#conversation-mode").get_by_text("Talk", exact=True).click()
        page.locator("#talk-ready .talk-ready[data-can=yes]").wait_for()
        page.get_by_role("button", name="Talk", exact=True).locator("visible=true").click()
        page.locator("#talk .talk-turns li.studio").first.wait_for(timeout=180_000)
        page.evaluate("window.tap.levels.length = 0")
        page.wait_for_timeout(1000 * turns * (PAUSE_SECONDS + 1.9))
        levels: Any = page.evaluate("window.tap.levels")
        browser.close()
    return np.asarray(levels, np.float64)


def show(figures: Sequence[tuple[str, list[float]]], note: str) -> None:
    for name, values in figures:
        if len(values) > 1:
            tell(Figure(f"{name}, p50", "ms", values, note=note))
            tell(Figure(f"{name}, p95", "ms", [quantiles(values, n=20, method="inclusive")[-1]], note=f"of {len(values)}"))


def main() -> int:
    turns = next((int(one) for one in sys.argv[1:] if one.isdigit()), TURNS)
    weights = os.environ.get("MODEL_WEIGHTS") or str(HOME / "data" / "weights")
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder, chat_server() as mind:
        mind.behaviour = says(ANSWER * 2, piece=5, pause=0.02)
        microphone = Path(folder) / "microphone.wav"
        microphone_file(microphone)
        with running_studio(
            Path(folder) / "data",
            GREENROOM_LANGUAGE__URL=mind.url,
            GREENROOM_LANGUAGE__MODEL="tiny-chat",
            GREENROOM_DATA__WEIGHTS=f'["{weights}"]',
        ) as studio:
            levels = talk(studio, microphone, turns, echo="echo" in sys.argv)
    answer, duck, silence = measured(levels)
    rows = [("In Chromium, end of speech to first sound", answer)]
    if "echo" not in sys.argv:  # there its own voice lowers the answer again and again, which says nothing of interruptions
        rows += [
            ("In Chromium, onset of an interruption to the lowered voice", duck),
            ("In Chromium, onset of an interruption to silence", silence),
        ]
    show(rows, f"one tap for both sounds{', own voice looped back' if 'echo' in sys.argv else ''}; load {os.getloadavg()[0]:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
