"""What this machine can do now, and what a set-up would add, for the first-run card."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from capabilities.setup.set_up_engine import SetupPlan, setup_plan
from engines.contract import Card, EngineKind, SpeechTraits
from engines.contract.card import Device
from studio.services import Services
from studio.workers.engine_service import EngineStatus
from studio.workers.process.launch import STUDIO_ENVIRONMENT


@dataclass(frozen=True)
class Purpose:
    """A purpose of the studio.

    Args:
        clones: only engines that clone voices serve it.
    """

    key: str
    title: str
    kind: EngineKind
    clones: bool = False


MY_VOICE = Purpose("my-voice", "Speak in your own voice", EngineKind.SPEECH, clones=True)
PURPOSES = (
    Purpose("narrate", "Read a text aloud", EngineKind.SPEECH),
    MY_VOICE,
    Purpose("transcribe", "Write down what is said", EngineKind.TRANSCRIPTION),
    Purpose("faces", "Let a picture or a face talk", EngineKind.FACES),
    Purpose("video", "Make video from words", EngineKind.VIDEO),
    Purpose("swap", "Put another face into a video", EngineKind.SWAP),
    Purpose("larger", "Make pictures and video larger", EngineKind.UPSCALING),
    Purpose("language", "Rewrite and translate texts", EngineKind.LANGUAGE),
)


@dataclass(frozen=True)
class CanDo:
    """One purpose on this machine.

    Args:
        ready: titles of the engines that serve it now.
        languages: number of their languages, 0 if it does not apply.
        better: the recommended engine to set up, None if there is no better one.
        plan: of its set-up.
        slow: it needs a GPU and there is none.
    """

    purpose: Purpose
    ready: tuple[str, ...]
    languages: int = 0
    better: str = ""
    plan: SetupPlan | None = None
    slow: bool = False


@dataclass(frozen=True)
class MachineCan:
    """The facts of the card.

    Args:
        memory_gib: of the machine.
        gpu: its name, "" for none.
        free_bytes: of the disk with the data folder.
        offline: downloads are off, so that no engine with weights can be set up.
    """

    memory_gib: float
    gpu: str
    free_bytes: int
    purposes: tuple[CanDo, ...]
    offline: bool = False


def machine_can(studio: Services) -> MachineCan:
    """Look at every engine once; asks nothing outside this machine."""
    statuses = studio.engines.statuses()
    gpu = studio.memory.gpu()
    return MachineCan(
        float(studio.memory.report()["pool"]),
        "" if gpu is None else gpu.name,
        shutil.disk_usage(studio.paths.root).free,
        tuple(_can_do(studio, purpose, statuses, has_gpu=gpu is not None) for purpose in PURPOSES),
        studio.weights.offline,
    )


def recommended_for(studio: Services, purpose: Purpose) -> SetupPlan | None:
    """Return the plan of the best engine for a purpose: the first of the catalog that fits this machine, else none.

    The catalog's order within a kind is the preference. Without a GPU, engines in the studio's own environment come first: they
    are made for a CPU and need no torch; engines for a GPU come last.
    """
    cards = [one.card for one in studio.engines.statuses(purpose.kind) if not one.ready and _serves(one.card, purpose)]
    if studio.memory.gpu() is None:
        cards.sort(key=lambda card: (card.device is Device.CUDA, card.environment != STUDIO_ENVIRONMENT))
    plans = (setup_plan(studio, card.id) for card in cards if not _is_basic(card))
    return next((plan for plan in plans if plan is not None and plan.fits), None)


def _can_do(studio: Services, purpose: Purpose, statuses: Sequence[EngineStatus], *, has_gpu: bool) -> CanDo:
    serving = [one for one in statuses if one.card.capability is purpose.kind and _serves(one.card, purpose)]
    ready = [one.card for one in serving if one.ready]
    told = tuple(card.title for card in ready), len({language for card in ready for language in card.languages})
    if any(not _is_basic(card) for card in ready):
        return CanDo(purpose, *told)
    plan = recommended_for(studio, purpose)
    if plan is None:
        return CanDo(purpose, *told)
    slow = not has_gpu and studio.catalog.get(plan.engine).card.device is Device.CUDA
    return CanDo(purpose, *told, plan.engine, plan, slow)


def _serves(card: Card, purpose: Purpose) -> bool:
    return not purpose.clones or card.traits_of(SpeechTraits).clones


def _is_basic(card: Card) -> bool:
    """Whether it comes with the studio; everything else was chosen by a person and is taken to be better."""
    return card.environment == STUDIO_ENVIRONMENT and not card.hub_files
