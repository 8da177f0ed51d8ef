"""The JSON of c2pa's reader as a `FileStatement`. It holds what strangers wrote: nothing of its shape is taken for granted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from studio.provenance.statement import (
    MOST_LISTED,
    RECIPE_LABEL,
    Carried,
    FileStatement,
    Mark,
    StatedAction,
    StatedIngredient,
    plain,
)

UNTRUSTED = "signingCredential.untrusted"
"""The one failure that says nothing of the file: nobody vouches for the signer. It is how a stranger's certificate looks."""

_OWN = frozenset({"signingCredential.trusted", "claimSignature.validated"})
"""What holds of a statement by this studio also where the file was changed afterwards."""

_URN = re.compile(r"urn:sha256:([0-9a-f]{64})")
_DEEPEST = 6


def statement_of(store: Any, state: str, carried: Carried) -> FileStatement:
    """
    Args:
        store: as `Reader.json()` gives it. state: "Invalid", "Valid" or "Trusted", which means: by one of this studio's roots.
    """
    store = _object(store)
    manifests = _object(store.get("manifests"))
    active = _object(manifests.get(str(store.get("active_manifest"))))
    signature = _object(active.get("signature_info"))
    assertions = {str(one.get("label")): one.get("data") for one in _objects(active.get("assertions"))}
    results = _object(_object(store.get("validation_results")).get("activeManifest"))
    return FileStatement(
        carried=carried,
        holds=state in ("Valid", "Trusted"),
        ours=state == "Trusted" or {plain(one.get("code")) for one in _objects(results.get("success"))} >= _OWN,
        signer=plain(signature.get("common_name")),
        issuer=plain(signature.get("issuer")),
        signed_at=plain(signature.get("time")),
        made_with=_generator(active),
        title=plain(active.get("title")),
        statements=len(manifests),
        actions=_actions(assertions),
        ingredients=tuple(_ingredient(one, manifests) for one in _objects(active.get("ingredients"))),
        recipe=_kept(_object(assertions.get(RECIPE_LABEL))),
        failures=tuple(dict.fromkeys(code for code in _codes(results) if code != UNTRUSTED)),
    )


def _actions(assertions: Mapping[str, Any]) -> tuple[StatedAction, ...]:
    found = next((data for label, data in assertions.items() if label.startswith("c2pa.actions")), None)
    return tuple(
        StatedAction(
            action=plain(one.get("action")),
            source=plain(str(one.get("digitalSourceType", "")).rpartition("/")[2]),
            software=_software(one.get("softwareAgent")),
            when=plain(one.get("when")),
        )
        for one in _objects(_object(found).get("actions"))
    )


def _ingredient(fields: Mapping[str, Any], manifests: Mapping[str, Any]) -> StatedIngredient:
    own = _object(manifests.get(str(fields.get("active_manifest"))))
    results = _object(_object(fields.get("validation_results")).get("activeManifest"))
    broken = [code for code in _codes(results) if code != UNTRUSTED]
    hash_ = _URN.fullmatch(str(fields.get("instance_id")))
    return StatedIngredient(
        title=plain(fields.get("title")),
        relation=plain(fields.get("relationship")),
        format=plain(fields.get("format")),
        sha256=hash_[1] if hash_ else "",
        mark=(Mark.BROKEN if broken else Mark.HOLDS) if own else Mark.NONE,
        made_with=_generator(own),
    )


def _generator(manifest: Mapping[str, Any]) -> str:
    told = next(iter(_objects(manifest.get("claim_generator_info"))), {})
    name = plain(told.get("name")) or plain(manifest.get("claim_generator"))
    return f"{name} {plain(told.get('version'))}".strip()


def _software(agent: Any) -> str:
    if isinstance(agent, str):
        return plain(agent)
    fields = _object(agent)
    return f"{plain(fields.get('name'))} {plain(fields.get('version'))}".strip()


def _codes(results: Mapping[str, Any]) -> list[str]:
    return [plain(one.get("code")) for one in _objects(results.get("failure"))]


def _kept(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {plain(name): _plain_value(value, _DEEPEST) for name, value in list(fields.items())[:MOST_LISTED]}


def _plain_value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping) and depth:
        return {plain(name): _plain_value(one, depth - 1) for name, one in list(value.items())[:MOST_LISTED]}
    if isinstance(value, list) and depth:
        return [_plain_value(one, depth - 1) for one in value[:MOST_LISTED]]
    return value if value is None or isinstance(value, bool | int | float) else ""


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)][:MOST_LISTED] if isinstance(value, list) else []
