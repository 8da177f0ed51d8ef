"""What was found in a file in sentences: what is stated and whether that still holds, never whether a file is genuine."""

from __future__ import annotations

from dataclasses import dataclass

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
    ("assertion.dataHash", "Its content was changed after it was signed."),
    ("assertion.bmffHash", "Its content was changed after it was signed."),
    ("assertion.boxesHash", "Its content was changed after it was signed."),
    ("assertion.collectionHash", "What is packed in it was changed after it was signed."),
    ("assertion.hashedURI", "A part of the statement was changed after it was signed."),
    ("assertion.missing", "A part of the statement is missing."),
    ("claimSignature.outsideValidity", "The certificate was not valid when it was signed."),
    ("claimSignature", "The signature does not belong to this statement."),
    ("claim.", "The statement is not whole."),
    ("signingCredential.expired", "The certificate has expired."),
    ("signingCredential", "The certificate is not made for such signatures."),
    ("timeStamp", "The time stamp does not hold."),
    ("manifest.", "The statement breaks the rules of its form."),
    ("ingredient.", "What is told of an ingredient does not hold."),
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
        return "Nothing signed was found in this file."
    if found.carried is Carried.ELSEWHERE:
        return "This file says that its signed statement lies at an address on the network. It was not fetched."
    if found.carried is Carried.DAMAGED:
        return "There is something like a signed statement in this file, and it cannot be read: the file was cut or damaged."
    who = (
        "by this studio"
        if found.ours
        else f"by “{found.signer or found.issuer or 'somebody without a name'}”, whom this studio does not know"
    )
    if found.holds:
        return f"Signed {who}. Nothing that the signature covers was changed since."
    return f"It carries a statement signed {who}, which does not hold any more."


def _failure(code: str) -> str:
    return next((words for start, words in _FAILURES if code.startswith(start)), f"It breaks a rule of its form: {code}.")


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
        return [
            "How it was made, by whom and when. Statements are lost where a file is converted or cut, and by many services, "
            "so that none is found says nothing about where it comes from."
        ]
    told = []
    if not found.ours:
        told.append("Who the signer really is: anyone can make a certificate with any name.")
    if not found.signed_at:
        told.append("When it was signed: the statement has no time stamp.")
    if any(one.mark is Mark.NONE for one in found.ingredients):
        told.append("How the ingredients without a statement were made.")
    told.append("Whether what is shown or said took place: a signature tells who states something, and that it was not changed.")
    return told
