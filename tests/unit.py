"""The unit tests: files that are done in seconds because they start no server, no worker and no browser.

`./launch.sh check` runs them (`python -m tests.unit` prints their paths); everything else waits for `./launch.sh test`.
"""

from __future__ import annotations

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent

UNIT = (
    "wan/test_choosing",
    "animatic/test_engine", "jobs/test_jobs", "memory/test_gate", "test_readings", "workflows/test_reading", "test_reader",
    "test_exposure", "test_captions", "test_resolver", "test_catalog", "test_checks", "test_chunk", "test_contract_can_fail",
    "test_conversion", "test_decode", "test_designed", "test_disk_usage", "test_crossfade", "test_auth", "test_edits",
    "test_encode", "test_engines_service", "test_espeak", "test_face_engines", "test_figures", "test_fish_server",
    "test_form", "test_gpu", "test_housekeeping", "test_idle_and_reuse", "test_importing", "test_imports", "test_preprocessing",
    "test_inspection", "test_join", "test_clip_checks", "test_manager", "test_lanes", "test_language", "test_ledger",
    "test_library", "test_mouth_track", "test_loudness", "test_machine_panel", "test_names", "test_normalise", "test_parse",
    "test_plan", "test_preflight", "test_pure", "test_real_esrgan", "test_reasons", "test_requirements", "test_resample",
    "test_profiles", "test_runtime_stats", "test_sampler", "test_sections", "test_segments", "test_shipped", "test_shots",
    "test_status", "jobs/test_store", "test_subtitles", "test_audio_check", "test_values", "test_version", "test_video",
    "documents/test_documents", "test_voices", "test_waveform", "test_words", "wan/test_gate", "test_json_answers",
    "director/test_document", "director/test_writing", "session/test_pieces",
    "provenance/test_certificate", "provenance/test_formats", "test_preferences",
)  # fmt: skip
"""Names of files without their ending, with their folder where a name stands twice. A new file of quick tests is added here:
less than a fifth of a second a test on the whole, and none over a second."""


def unit_files() -> list[Path]:
    """The files, each name leading to exactly one.

    Raises:
        LookupError: a name leads to no file, or to several.
    """
    everything = sorted(TESTS.rglob("test_*.py"))
    found = []
    for name in UNIT:
        matching = [path for path in everything if f"/{path.as_posix()}".endswith(f"/{name}.py")]
        if len(matching) != 1:
            raise LookupError(f"{name} in tests/unit.py leads to {len(matching)} files; give its folder, or take it out.")
        found += matching
    return found


if __name__ == "__main__":
    sys.stdout.writelines(f"{path.relative_to(TESTS.parent)}\n" for path in unit_files())
