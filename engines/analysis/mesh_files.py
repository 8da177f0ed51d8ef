"""The files of the face mesh in the assets, and whether they exist. Cheap to import for every engine that detects faces."""

from __future__ import annotations

from engines.contract import EnginePaths, Readiness
from engines.contract.engine import READY
from engines.contract.errors import EngineNotReady
from media.messages.message import Message

DETECTOR_FILE = "faces/face_detection_short_range.tflite"
MESH_FILE = "faces/face_landmark.tflite"
PERSON_FILE = "faces/selfie_segmentation.tflite"
PALM_FILE = "faces/palm_detection_lite.tflite"
HAND_FILE = "faces/hand_landmark_full.tflite"
TOPOLOGY_FILE = "faces/face_mesh_topology.npz"


def mesh_readiness(site: EnginePaths, *more: str) -> Readiness:
    """Return whether faces can be detected; `more` are further files of the engine in the assets."""
    if not all((site.assets / name).is_file() for name in (DETECTOR_FILE, MESH_FILE, *more)):
        return Readiness(False, Message.of("readiness.face-files-missing"), Message.of("step.restore-faces"))
    return READY


def require_mesh(site: EnginePaths, *more: str) -> None:
    """
    Raises:
        EngineNotReady: one of the files is missing.
    """
    readiness = mesh_readiness(site, *more)
    if not readiness.ready:
        raise EngineNotReady("engine.missing-something", why=readiness.why, next_step=readiness.step)
