"""Calls about what files say of themselves."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from pydantic import Field

from api.operations.context import OperationContext
from api.operations.files import FileRef, InputFile
from api.operations.library import OutputId
from api.operations.operation import Access, Answer, Group, Input, Nothing, Queue
from studio.errors import NotFound, StorageError
from studio.library import NotEnoughSpace
from studio.provenance.process import SigningFailed
from studio.provenance.words import report_of

GROUP = Group(
    "provenance", "What files say of themselves", "Signed statements in files: who made them, how, and whether that still holds."
)
CHECKS = Queue("check", 2)


class CheckFileInput(Input):
    file: InputFile = Field(description="Any file. Nothing is fetched, whatever the file names.")
    statement: str = Field(
        "",
        description='A statement that lies apart ("name.c2pa"), as an upload answered; empty takes that in or beside it.',
    )


class StatedActionAnswer(Answer):
    """A step of making."""

    action: str = Field(description='By its C2PA name, such as "c2pa.created".')
    source: str = Field(description="The IPTC's digital source type; empty where none is told.")
    software: str
    when: str


class StatedIngredientAnswer(Answer):
    """Something that went in."""

    title: str
    relation: str = Field(description='"parentOf", "componentOf" or "inputTo".')
    format: str
    sha256: str = Field(description="Of its file; empty where it is not told.")
    mark: str = Field(description='Its own statement: "none", "holds" or "broken" when it went in.')
    made_with: str


class FileStatementAnswer(Answer):
    """What a file says about itself."""

    sentence: str = Field(description="The result in words.")
    carried: str = Field(
        description='Where it lies: "embedded", "beside", "elsewhere" (on the network, not fetched), "none" or "damaged".'
    )
    holds: bool | None = Field(description="Whether nothing that the signature covers was changed; null without a signature.")
    ours: bool = Field(description="Signed by this studio.")
    signer: str = Field(description="As its certificate says, which anyone can write.")
    issuer: str
    signed_at: str = Field(description="By a time stamp; empty without one.")
    made_with: str = Field(description="The program that made the statement.")
    title: str
    statements: int = Field(description="How many there are, those of ingredients included.")
    broken: list[str] = Field(description="Why it does not hold, in words.")
    failures: list[str] = Field(description="The same as codes of C2PA.")
    actions: list[StatedActionAnswer]
    done: list[str] = Field(description="The actions in words.")
    models: list[str] = Field(description="Models that are named, in words.")
    ingredients: list[StatedIngredientAnswer]
    made_of: list[str] = Field(description="The ingredients in words.")
    recipe: dict[str, Any] = Field(description="What a studio like this one states besides: models, versions, licences, hashes.")
    unknown: list[str] = Field(description="What nothing is known about.")


class SigningCertificateAnswer(Answer):
    """What this studio signs with; all empty before anything was signed."""

    name: str
    fingerprint: str = Field(description="SHA-256 of the certificate.")
    until: str = Field(description="The last day on which it can sign.")
    certificate: str = Field(description="The certificate with its chain, as PEM. The key is never given out.")
    roots: str = Field(description="As PEM: whoever trusts these knows this studio's files.")


@GROUP.operation(Access.READS, queue=CHECKS, errors=(SigningFailed, StorageError), example={"file": "OUTPUT"})
def check_file(context: OperationContext, call: CheckFileInput) -> FileStatementAnswer:
    """What a file says about itself: who signed it, whether that still holds, what was done, and what nothing is known about.

    It never says whether a file is genuine: a signature tells who states something, and that it was not changed.
    """
    sidecar = context.files.path(call.statement, "statement") if call.statement else None
    found = context.studio.provenance.check(call.file, sidecar)
    told = report_of(found)
    return FileStatementAnswer(
        sentence=told.sentence, carried=found.carried.value, holds=found.holds, ours=found.ours, signer=found.signer,
        issuer=found.issuer, signed_at=found.signed_at, made_with=found.made_with, title=found.title,
        statements=found.statements, broken=list(told.broken), failures=list(found.failures),
        actions=[StatedActionAnswer.model_validate(one.model_dump()) for one in found.actions], done=list(told.actions),
        models=list(told.models),
        ingredients=[StatedIngredientAnswer.model_validate(one.model_dump(mode="json")) for one in found.ingredients],
        made_of=list(told.ingredients), recipe=found.recipe, unknown=list(told.unknown),
    )  # fmt: skip


@GROUP.operation(
    Access.READS, queue=CHECKS,
    errors=(NotFound, NotEnoughSpace, SigningFailed, StorageError), example={"output": "OUTPUT"},
)  # fmt: skip
def sign_output(context: OperationContext, call: OutputId) -> FileRef:
    """A copy of a result with a signed statement of how it was made; of a format that holds none a ZIP with the statement.

    The result itself stays as it is. What it was made from goes in with its own statement.
    """
    copy = context.studio.signed_copies.get(call.output)
    return context.file(copy, f"/media/signed/{quote(context.studio.library.get(call.output).id, safe='')}")


@GROUP.operation(Access.READS, errors=(StorageError,), tool=False)
def signing_certificate(context: OperationContext, call: Nothing) -> SigningCertificateAnswer:
    """The certificate with which this studio signs, for whoever wants to know its files again."""
    return SigningCertificateAnswer.model_validate(asdict(context.studio.provenance.certificate()))
