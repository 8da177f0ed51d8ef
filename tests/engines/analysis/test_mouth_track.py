"""Every way of listening gives the same kind of track; lips meet where they must."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engines.analysis.mouth_track import mouth_track_of
from engines.analysis.visemes import from_ipa, track_of
from engines.contract.analysis import MouthTrackRequest
from tests.engines.faces.puppet.conftest import ASSETS, SENTENCE


def nothing(share: float) -> None:
    return


def test_closures_are_reached_however_short() -> None:
    marks = [("a", 0.0, 0.2), ("p", 0.2, 0.24), ("a", 0.24, 0.4), ("m", 0.4, 0.46), ("a", 0.46, 0.7)]
    track = track_of(from_ipa(marks), 0.7)
    for middle in (0.22, 0.43):
        around = track[round(100 * middle) - 5 : round(100 * middle) + 3]
        assert around[:, 0].min() < 0.02 and around[:, 3].max() > 0.5
    assert track[10, 0] > 0.2 and track[60, 0] > 0.2


def test_a_known_text_is_aligned_and_agrees_with_other_ways() -> None:
    pytest.importorskip("pocketsphinx")
    aligned = mouth_track_of(MouthTrackRequest(SENTENCE, text="has never been surpassed."), nothing)
    heard = mouth_track_of(MouthTrackRequest(SENTENCE), nothing)
    loud = mouth_track_of(MouthTrackRequest(SENTENCE, language="de"), nothing)
    assert (aligned.source, heard.source, loud.source) == ("aligned", "phones", "loudness")
    length = min(len(one.values) for one in (aligned, heard, loud))
    for other, least in ((heard, 0.6), (loud, 0.3)):
        assert np.corrcoef(aligned.values[:length, 0], other.values[:length, 0])[0, 1] > least


def test_exact_times_win_and_gaps_in_them_do_not(tmp_path: Path) -> None:
    marks = tmp_path / "m.json"
    piece = {"phonemes": [["m", 0.0, 0.1], ["a", 0.1, 0.4]]}
    marks.write_text(json.dumps({"duration": 0.5, "segments": [piece]}))
    assert mouth_track_of(MouthTrackRequest(SENTENCE, marks), nothing).source == "exact"
    marks.write_text(json.dumps({"duration": 0.5, "segments": [piece, {"phonemes": []}]}))
    assert mouth_track_of(MouthTrackRequest(SENTENCE, marks), nothing).source != "exact"


def test_the_track_is_as_long_as_the_sound() -> None:
    track = mouth_track_of(MouthTrackRequest(ASSETS / "voices" / "LJ001-0002.wav", language="fr"), nothing)
    assert abs(track.duration - 1.9) < 0.05
