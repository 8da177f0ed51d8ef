"""Lets settings that are changed while the studio runs count at once."""

from __future__ import annotations

from studio.comfyui.service import ComfyUIService
from studio.language.service import LanguageService
from studio.library import Library
from studio.maintenance.disk_usage import DiskUsage
from studio.preferences.preferences import Preferences
from studio.settings import Settings
from studio.workers.idle_times import IdleTimeouts


def follow_settings(
    preferences: Preferences,
    idle: IdleTimeouts,
    comfyui: ComfyUIService,
    language: LanguageService,
    library: Library,
    disk: DiskUsage,
) -> None:
    """Connect the parts; what reads `Services.settings` for each job needs nothing."""

    def adopt(settings: Settings) -> None:
        idle.adopt(settings.workers)
        comfyui.adopt(settings.comfyui, settings.workers.idle_heavy_seconds)
        language.adopt(settings.language)
        library.adopt(settings.library)
        disk.adopt(settings.library)

    preferences.on_change(adopt)
