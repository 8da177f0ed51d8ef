"""Calls about the language model: which one answers, finding and trying servers, and asking."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from api.operations.context import OperationContext
from api.operations.operation import Access, Answer, Group, Input, Nothing, Queue
from engines.contract import ChatMessage, ChatRequest
from studio.errors import EngineError, InvalidInput, MemoryRefused
from studio.language.errors import LanguageError, NoLanguageModelError

GROUP = Group("language", "Language model", "Which language model answers, servers for it, and asking it.")
ASKING = Queue("language", 1)
LONGEST_PROMPT = 60_000
LONGEST_ANSWER = 8_192


class LanguageAnswer(Answer):
    """What answers now."""

    source: str = Field(description='"server", "built-in", or "none".')
    url: str = Field(description="Of the server; empty for the built-in model.")
    kind: str = Field(description="Ollama, llama.cpp, vLLM, LM Studio, another server, or built-in.")
    model: str
    place: str = Field(description='Where what is asked goes: "this machine", "your network" or "another machine".')
    ready: bool = Field(description="As far as is known without asking it; test_language_server asks.")
    readiness: str = Field(description="In a sentence, with what is missing.")
    has_key: bool = Field(description="Whether a key is set. It is never given.")
    constraint: str = Field(
        description='The strictest that it is known to be held to: "schema", "json", "prompt", or "" untried.'
    )
    tokens_per_second: float = Field(description="Of its last answers; 0 before the first.")
    questions: int
    prompt_tokens: int
    answer_tokens: int
    held_gib: float = Field(description="What a server on this machine was last seen to hold.")


class FoundServerAnswer(Answer):
    """A language server that answers on this machine."""

    url: str
    kind: str
    models: list[str]


class TestAnswer(Answer):
    """What trying a server showed."""

    url: str
    kind: str
    model: str
    place: str
    models: list[str]
    seconds: float
    first_seconds: float = Field(description="Until the first word.")
    tokens_per_second: float
    constraint: str = Field(
        description='What its answers were truly held to: "schema", "json", or "prompt" for neither. They are checked anyway.'
    )
    answer: str


class ModelAnswer(Answer):
    """What a language model answered."""

    text: str = Field(description="As it was written, or the JSON as text where a schema was given.")
    value: Any = Field(None, description="The JSON that keeps the schema; null without one.")
    model: str
    note: str = Field(description="What should be known of how it came about: mended, several tries, not held to the schema.")
    constraint: str
    repaired: bool
    tries: int
    cut_off: bool = Field(description="It reached its longest length.")
    prompt_tokens: int
    answer_tokens: int


class ServerInput(Input):
    url: str = Field(
        description="Such as http://127.0.0.1:11434; empty goes back to the built-in model. What is asked is sent there.",
        max_length=300,
    )
    model: str = Field("", description="Its name there; empty takes the first.", max_length=300)
    api_key: str | None = Field(
        None, description="Null keeps the one that is set for this server, empty takes it out.", max_length=1000
    )


class AskInput(Input):
    prompt: str = Field(description="The question.", max_length=LONGEST_PROMPT)
    system: str = Field("", description="What the model is told to be.", max_length=LONGEST_PROMPT)
    # "json_schema" and not "schema", which is a name of pydantic's own.
    json_schema: dict[str, Any] = Field(
        {}, description="A JSON schema: the answer is held to it where that is possible, checked, mended or asked for again."
    )
    longest: int = Field(512, description="Tokens of the answer at most.", ge=1, le=LONGEST_ANSWER)
    temperature: float = Field(0.5, description="0 takes the likeliest word each time.", ge=0, le=2)
    seed: int = Field(0, description="The same seed gives the same answer, where the server keeps to it.", ge=0, le=2**31 - 1)


REFUSALS = (LanguageError, NoLanguageModelError)


@GROUP.operation(Access.READS)
def language(context: OperationContext, call: Nothing) -> LanguageAnswer:
    """Which language model answers, from where, whether it is ready, and how fast it was. Nothing is asked of it."""
    status = context.studio.language.status()
    return LanguageAnswer(
        source=status.source, url=status.url, kind=status.kind, model=status.model, place=status.place, ready=status.ready,
        readiness=f"{status.sentence} {status.next_step}".strip(), has_key=status.has_key, constraint=status.constraint,
        tokens_per_second=round(status.counts.speed, 2), questions=status.counts.questions,
        prompt_tokens=status.counts.prompt_tokens, answer_tokens=status.counts.answer_tokens, held_gib=round(status.held_gib, 3),
    )  # fmt: skip


@GROUP.operation(Access.WRITES, tool=False, errors=REFUSALS, example={"url": "http://127.0.0.1:11434"})
def set_language_server(context: OperationContext, call: ServerInput) -> LanguageAnswer:
    """Use an OpenAI-compatible server from now on, or the built-in model; kept over restarts. Nothing is asked of it.

    It is no tool of language models: where a person's texts go is the person's choice.
    """
    context.studio.language.choose(call.url, call.model, call.api_key)
    return language(context, Nothing())


@GROUP.operation(Access.WRITES, queue=ASKING, tool=False, errors=(*REFUSALS, EngineError, MemoryRefused))
def test_language_server(context: OperationContext, call: Nothing) -> TestAnswer:
    """Ask the chosen language model one question: how fast it is, and what its answers can be held to."""
    tried = context.studio.language.test(context.gone.is_set)
    return TestAnswer(
        url=tried.url, kind=tried.kind, model=tried.model, place=tried.place, models=list(tried.models),
        seconds=round(tried.seconds, 2), first_seconds=round(tried.first_seconds, 2), tokens_per_second=round(tried.speed, 2),
        constraint=tried.constraint, answer=tried.answer,
    )  # fmt: skip


@GROUP.operation(Access.WRITES, queue=ASKING, tool=False)
def find_language_servers(context: OperationContext, call: Nothing) -> list[FoundServerAnswer]:
    """The language servers that listen at well-known ports of this machine; no other machine is asked."""
    return [
        FoundServerAnswer(url=one.url, kind=one.kind.value, models=list(one.models)) for one in context.studio.language.find()
    ]


@GROUP.operation(
    Access.WRITES,
    queue=ASKING,
    tool=False,
    errors=(*REFUSALS, EngineError, MemoryRefused),
    example={"prompt": "Say hello."},
)
def ask_language(context: OperationContext, call: AskInput) -> ModelAnswer:
    """Ask the language model, and hold its answer to a JSON schema if one is given.

    A caller who leaves stops it.
    """
    if not call.prompt.strip():
        raise InvalidInput("llm.nothing-asked")
    system = (ChatMessage("system", call.system),) if call.system.strip() else ()
    question = ChatRequest(
        (*system, ChatMessage("user", call.prompt)), call.longest, call.temperature, call.seed, call.json_schema or None
    )
    service, cancelled = context.studio.language, context.gone.is_set
    with service.model_in_use(cancelled) as llm:
        answer = service.ask_schema(llm, question, cancelled) if call.json_schema else service.ask(llm, question, cancelled)
    text = json.dumps(answer.value, ensure_ascii=False) if call.json_schema else str(answer.value)
    return ModelAnswer(
        text=text, value=answer.value if call.json_schema else None, model=answer.by, note=answer.note,
        constraint=answer.constraint.value, repaired=answer.repaired, tries=answer.tries, cut_off=answer.cut_off,
        prompt_tokens=answer.prompt_tokens, answer_tokens=answer.answer_tokens,
    )  # fmt: skip
