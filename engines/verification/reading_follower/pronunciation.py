"""Approximate pronunciation of English words that are in no dictionary: coarse rules, sufficient for alignment."""

from __future__ import annotations

import re

_SOUNDS = (
    ("tch", "CH"), ("sch", "SH"), ("igh", "AY"), ("ough", "AO"), ("augh", "AO"), ("eau", "OW"), ("tion", "SH AH N"),
    ("sion", "ZH AH N"), ("ch", "CH"), ("sh", "SH"), ("th", "TH"), ("ph", "F"), ("wh", "W"), ("gh", "G"), ("ck", "K"),
    ("ng", "NG"), ("qu", "K W"), ("kn", "N"), ("wr", "R"), ("ee", "IY"), ("ea", "IY"), ("oo", "UW"), ("ou", "AW"),
    ("ow", "OW"), ("oa", "OW"), ("oi", "OY"), ("oy", "OY"), ("ai", "EY"), ("ay", "EY"), ("au", "AO"), ("aw", "AO"),
    ("ie", "IY"), ("ei", "EY"), ("ey", "IY"), ("ew", "UW"), ("ue", "UW"), ("er", "ER"), ("ir", "ER"), ("ur", "ER"),
    ("ar", "AA R"), ("or", "AO R"), ("ce", "S EH"), ("ci", "S IH"), ("cy", "S IY"), ("ge", "JH EH"), ("gi", "JH IH"),
    ("a", "AE"), ("b", "B"), ("c", "K"), ("d", "D"), ("e", "EH"), ("f", "F"), ("g", "G"), ("h", "HH"), ("i", "IH"),
    ("j", "JH"), ("k", "K"), ("l", "L"), ("m", "M"), ("n", "N"), ("o", "AA"), ("p", "P"), ("q", "K"), ("r", "R"), ("s", "S"),
    ("t", "T"), ("u", "AH"), ("v", "V"), ("w", "W"), ("x", "K S"), ("y", "IY"), ("z", "Z"),
)  # fmt: skip

_PARTS = re.compile("|".join(re.escape(letters) for letters, _ in _SOUNDS))
_SAID = dict(_SOUNDS)


def likely_sounds(word: str) -> str:
    """Return ARPAbet phones of a lower-case word, separated by spaces; "AH" if it has no letter."""
    plain = re.sub(r"(.)\1", r"\1", re.sub(r"[^a-z]", "", word))
    if len(plain) > 3 and plain.endswith("e") and plain[-2] not in "aeiou":
        plain = plain[:-1]
    return " ".join(_SAID[part] for part in _PARTS.findall(plain)) or "AH"
