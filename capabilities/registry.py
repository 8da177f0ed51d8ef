"""Which capabilities there are: one line for each."""

from __future__ import annotations

from capabilities.character_swap.capability import CharacterSwap
from capabilities.lip_sync.capability import LipSync
from capabilities.portrait.capability import AnimatePortrait
from capabilities.setup.doctor import Doctor
from capabilities.setup.download_weights import DownloadWeights
from capabilities.setup.install_environment import InstallEnvironment
from capabilities.transcription.capability import Transcription
from capabilities.transcription.voice_transcript import VoiceTranscript
from capabilities.upscaling.capability import Upscale
from capabilities.video.capability import ImageToVideo, TextToVideo
from capabilities.voiceover.batch.capability import VoiceoverBatch
from capabilities.voiceover.capability import Voiceover
from studio.jobs.capability import Capability
from studio.services import Services


def all_capabilities(studio: Services) -> list[Capability]:
    """Every kind of job; adding one is one line here."""
    voiceover = Voiceover(studio)
    engines, workers = studio.catalog.all, studio.workers
    return [
        voiceover,
        VoiceoverBatch(studio, voiceover),
        LipSync(studio, voiceover),
        AnimatePortrait(studio),
        Transcription(studio),
        VoiceTranscript(studio),
        TextToVideo(studio, voiceover),
        ImageToVideo(studio, voiceover),
        Upscale(studio),
        CharacterSwap(studio, workers.evict),
        InstallEnvironment(studio.environments, engines, workers),
        DownloadWeights(studio.weights, engines, workers),
        Doctor(studio),
    ]
