"""What was found in a file in sentences: what is stated and whether that still holds, never whether a file is genuine."""

from __future__ import annotations

from dataclasses import dataclass

from media.messages.message import Message
from studio.provenance.statement import Carried, FileStatement, Mark, StatedAction, StatedIngredient

_SOURCES = {
    "trainedAlgorithmicMedia": "by a model that was trained on recordings or pictures",
    "compositeWithTrainedAlgorithmicMedia": "from other material together with what a model made",
    "algorithmicMedia": "by rules, without a trained model",
    "algorithmicallyEnhanced": "by a model that improves what was there",
    "digitalCapture": "by a microphone or camera",
    "humanEdits": "by a person's edits",
    "composite": "from several parts",
    "compositeCapture": "from several recordings or pictures",
    "screenCapture": "from a screen",
    "empty": "from nothing, to put parts into",
}
_ACTIONS = {
    "c2pa.created": "Made", "c2pa.opened": "Begun with another file", "c2pa.edited": "Changed", "c2pa.placed": "Parts put in",
    "c2pa.converted": "Converted", "c2pa.transcoded": "Encoded anew", "c2pa.published": "Published", "c2pa.cropped": "Cropped",
    "c2pa.resized": "Resized", "c2pa.redacted": "A part of a statement taken out", "c2pa.repackaged": "Packed anew",
    "c2pa.watermarked": "Watermarked", "c2pa.dubbed": "Dubbed", "c2pa.translated": "Translated",
    "c2pa.unknown": "Changed in a way that is not told",
}  # fmt: skip
_RELATIONS = {"parentOf": "what it was made from", "componentOf": "a part of it", "inputTo": "what was given to make it"}
_FAILURES = (
    ("assertion.dataHash", "provenance.content-changed"),
    ("assertion.bmffHash", "provenance.content-changed"),
    ("assertion.boxesHash", "provenance.content-changed"),
    ("assertion.collectionHash", "provenance.packed-changed"),
    ("assertion.hashedURI", "provenance.part-changed"),
    ("assertion.missing", "provenance.part-missing"),
    ("claimSignature.outsideValidity", "provenance.certificate-not-valid-then"),
    ("claimSignature", "provenance.signature-of-another"),
    ("claim.", "provenance.statement-not-whole"),
    ("signingCredential.expired", "provenance.certificate-ran-out"),
    ("signingCredential", "provenance.certificate-not-for-signatures"),
    ("timeStamp", "provenance.time-stamp-broken"),
    ("manifest.", "provenance.form-broken"),
    ("ingredient.", "provenance.ingredient-broken"),
)


@dataclass(frozen=True)
class FileReport:
    """A statement in words.

    Args:
        sentence: the result. broken: why it does not hold. actions, ingredients: a sentence each. models: which the studio's own
            part names. unknown: what nothing is known about, and what a statement cannot say.
    """

    sentence: str
    broken: tuple[str, ...]
    actions: tuple[str, ...]
    models: tuple[str, ...]
    ingredients: tuple[str, ...]
    unknown: tuple[str, ...]


def report_of(found: FileStatement) -> FileReport:
    return FileReport(
        sentence=_sentence(found),
        broken=tuple(dict.fromkeys(map(_failure, found.failures))) if found.holds is False else (),
        actions=tuple(map(_action, found.actions)),
        models=tuple(_models(found)),
        ingredients=tuple(map(_ingredient, found.ingredients)),
        unknown=tuple(_unknown(found)),
    )


def _sentence(found: FileStatement) -> str:
    if found.carried is Carried.NONE:
        return Message.of("provenance.nothing-signed").reason()
    if found.carried is Carried.ELSEWHERE:
        return Message.of("provenance.lies-elsewhere").reason()
    if found.carried is Carried.DAMAGED:
        return Message.of("provenance.statement-damaged").reason()
    signer = found.signer or found.issuer
    code = "provenance.statement-holds" if found.holds else "provenance.statement-broken"
    return Message.of(code, ours=found.ours, signer=signer).reason()


def _failure(code: str) -> str:
    known = next((told for start, told in _FAILURES if code.startswith(start)), None)
    return (Message.of(known) if known else Message.of("provenance.rule-broken", rule=code)).reason()


def _action(one: StatedAction) -> str:
    source = f" {_SOURCES.get(one.source, one.source)}" if one.source else ""
    software = f", with {one.software}" if one.software else ""
    when = f", {one.when}" if one.when else ""
    return f"{_ACTIONS.get(one.action, one.action)}{source}{software}{when}."


def _ingredient(one: StatedIngredient) -> str:
    mark = {
        Mark.NONE: "without a statement of its own",
        Mark.HOLDS: f"its own statement held when it went in{f', made with {one.made_with}' if one.made_with else ''}",
        Mark.BROKEN: "its own statement did not hold when it went in",
    }[one.mark]
    hash_ = f"; SHA-256 {one.sha256[:16]}…" if one.sha256 else ""
    relation = _RELATIONS.get(one.relation, one.relation or "an ingredient")
    return f"{one.title or 'Something without a name'}: {relation}, {mark}{hash_}"


def _models(found: FileStatement) -> list[str]:
    engines = found.recipe.get("engines")
    named = [one for one in engines if isinstance(one, dict) and one.get("id")] if isinstance(engines, list) else []
    return [f"Model: {one['id']} {one.get('version', '')}".rstrip() for one in named]


def _unknown(found: FileStatement) -> list[str]:
    if found.holds is None:
        return [Message.of("provenance.all-unknown").reason()]
    told = []
    if not found.ours:
        told.append(Message.of("provenance.signer-unknown").reason())
    if not found.signed_at:
        told.append(Message.of("provenance.time-unknown").reason())
    if any(one.mark is Mark.NONE for one in found.ingredients):
        told.append(Message.of("provenance.ingredients-unknown").reason())
    told.append(Message.of("provenance.truth-unknown").reason())
    return told
