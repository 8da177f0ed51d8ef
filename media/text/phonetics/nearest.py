"""Substitutes for sounds that a language or an engine does not have."""

from __future__ import annotations

from collections.abc import Collection

_TABLE = """
i:ɪ y:ʏiu ɨ:ᵻɪi ʉ:uʊ ɯ:uʊɨ u:ʊo ɪ:iᵻe ʏ:yɪi ʊ:uo e:ɛɪ ø:œəe ɘ:əe ɵ:əo ɤ:ʌəo o:ɔʊ ə:ɐʌɛea
ɛ:eæ œ:øɛe ɜ:əɛœ ɞ:ɜəœ ʌ:ɐəa ɔ:oɒ æ:aɛ ɐ:əʌa a:ɑæɐ ɶ:œaɛ ɑ:aɒɔ ɒ:ɔɑo ᵻ:ɪiə ɚ:əɐɛ p:b b:p
t:d d:t ʈ:t ɖ:d c:k ɟ:ɡ k:ɡ ɡ:k q:k ɢ:ɡ ʔ: m:n ɱ:m n:m ɳ:n ɲ:n ŋ:n ɴ:ŋn ʙ:b r:ɹɾʁ ʀ:ʁrɹɾ
ⱱ:v ɾ:rɹd ɽ:ɾrɹ ɸ:f β:vb f:v v:f θ:ts ð:dz s:z z:s ʃ:ʂɕs ʒ:ʐʑʃz ʂ:ʃs ʐ:ʒz ç:ʃxh ʝ:jʒ x:χkh
ɣ:ɡx χ:xkh ʁ:ʀrɹɾ ħ:hx ʕ: h:x ɦ:h ɬ:lʃ ɮ:l ʋ:vw ɹ:rɾʁ ɻ:ɹrɾ j:i ɰ:wɡ l:ɭ ɭ:l ʎ:lj ʟ:l ɕ:ʃs
ʑ:ʒz ɧ:ʃx ɺ:lɾr ʍ:w w:vu ɥ:jw ʜ:h ʢ: ʡ: ɫ:l
"""

NEAREST: dict[str, str] = {letter: others for letter, _, others in (pair.partition(":") for pair in _TABLE.split())}
"""For each letter of the chart those that may stand for it, nearest first; none where silence is nearest."""


def nearest(letter: str, known: Collection[str]) -> str:
    """Return `letter` if it is known, else the known one that sounds most similar; "" if silence is closest."""
    tried: list[str] = []
    ahead = [letter]
    while ahead:
        one = ahead.pop(0)
        if one in known:
            return one
        tried.append(one)
        ahead += [other for other in NEAREST.get(one, "") if other not in tried and other not in ahead]
    return ""
