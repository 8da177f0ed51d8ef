"""The licences of a result: those of everything that it was made from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engines.contract import Card

SEPARATOR = "; "


@dataclass(frozen=True)
class LicensedPart:
    """One part of a result: an engine with its weights, a model of a template, or a voice.

    Args:
        name: id of the engine or model, or the name of the voice.
        licence: name of its licence; several are separated by "; ". "" if unknown.
        commercial_use: whether it permits commercial use of results; None if unknown.
    """

    name: str
    licence: str = ""
    commercial_use: bool | None = None


@dataclass(frozen=True)
class LicenceTerms:
    """The parts of a result, each once, in the order of their use. `a | b` are the parts of both."""

    parts: tuple[LicensedPart, ...] = ()

    def __or__(self, other: LicenceTerms) -> LicenceTerms:
        return LicenceTerms(tuple(dict.fromkeys((*self.parts, *other.parts))))

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def licence(self) -> str:
        """The names of all licences, each once."""
        return _names(self.parts)

    @property
    def commercial_use(self) -> bool | None:
        """False as soon as one part forbids commercial use; None if nothing is known of any part."""
        known = [part.commercial_use for part in self.parts if part.commercial_use is not None]
        return all(known) if known else None

    @property
    def restriction(self) -> str:
        """A short reason why results may not be used commercially; "" if they may or nothing is known."""
        if self.commercial_use is not False:
            return ""
        because = _names(part for part in self.parts if part.commercial_use is False)
        return f"no commercial use: {because}" if because else "no commercial use"

    def as_json(self) -> list[dict[str, Any]]:
        return [{"name": part.name, "licence": part.licence, "commercial_use": part.commercial_use} for part in self.parts]


UNKNOWN = LicenceTerms()
"""Of what nothing is known about."""


def combined(terms: Iterable[LicenceTerms]) -> LicenceTerms:
    """Return the parts of all of them."""
    return LicenceTerms(tuple(dict.fromkeys(part for one in terms for part in one.parts)))


def terms_of_card(card: Card) -> LicenceTerms:
    """Return the licence of an engine: that of its weights, and that of its code if the code is what forbids commercial use."""
    names = [card.weights_licence.name]
    if not card.code_licence.commercial_use:
        names.append(card.code_licence.name)
    return LicenceTerms((LicensedPart(card.id, SEPARATOR.join(dict.fromkeys(names)), card.commercial_use),))


def terms_of_cards(cards: Iterable[Card]) -> LicenceTerms:
    return combined(terms_of_card(card) for card in cards)


def no_terms(engine_id: str) -> LicenceTerms:
    """Return empty terms, as the look-up for engines without a licence."""
    return UNKNOWN


def _names(parts: Iterable[LicensedPart]) -> str:
    names = (name for part in parts for name in part.licence.split(SEPARATOR))
    return SEPARATOR.join(dict.fromkeys(name for name in names if name))
