"""What an engine lacks and what is found in a clip, in the language of whoever reads it, also out of a stored error or record."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engines.catalog import Catalog
from engines.contract import EnginePaths
from engines.contract.errors import EngineNotReady
from media.audio.audio import Audio
from media.errors import restored
from studio.settings import VoiceSettings
from studio.voices.clip_checks import check_clip, judge_transcript
from studio.voices.model import VoiceRefused
from studio.voices.store import FindingRecord
from tests.media.messages.pseudo import is_pseudo, speaking_pseudo


def test_no_engine_tells_its_readiness_in_a_sentence_of_its_own(tmp_path: Path) -> None:
    bare = EnginePaths(tmp_path, tmp_path, environments=tmp_path)
    told = [engine.readiness(bare) for engine in Catalog().all()]
    assert sum(not found.ready for found in told) > 5
    with speaking_pseudo():
        assert [found for found in told if not is_pseudo(found.sentence)] == []
        assert [found for found in told if found.step and not is_pseudo(found.next_step)] == []
    lacking = next(found for found in told if not found.ready)
    kept = EngineNotReady("engine.not-ready", engine="X", why=lacking.why, next_step=lacking.step).as_dict()
    again = restored(kept, EngineNotReady)
    assert lacking.sentence in again.reason and lacking.next_step in again.hint
    with speaking_pseudo():
        assert again.reason.count("⟪") == again.hint.count("⟪") == 2, "the words within are of that language too"


def test_findings_keep_their_code_beside_a_voice() -> None:
    report = check_clip(Audio(np.ones((22_050, 1), np.float32) * 0.1, 22_050), VoiceSettings())
    (finding,) = report.refusals
    record = FindingRecord.model_validate(finding.as_record())
    assert record.finding().as_record() == finding.as_record() and record.sentence == finding.sentence
    refused = VoiceRefused(report)
    with speaking_pseudo():
        assert is_pseudo(record.finding().sentence) and is_pseudo(finding.advice)
        assert refused.reason.count("⟪") == 2 and refused.hint.count("⟪") == 2
    older = FindingRecord.model_validate(
        {"code": "quiet", "severity": "warning", "sentence": "It is {quiet}.", "advice": "Speak."}
    )
    assert (older.finding().sentence, older.finding().advice) == ("It is {quiet}.", "Speak.")
    assert [one.sentence for one in judge_transcript("a" * 999, 2.0)] == [
        "The transcript holds more text than is likely said in 2.0 seconds."
    ]
