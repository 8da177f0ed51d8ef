"""What a made file says of itself, to whoever has the file alone."""

from __future__ import annotations

from studio.licences import LicenceTerms


def video_tags(title: str, made_by: str, terms: LicenceTerms) -> dict[str, str]:
    """Title and comment of a video.

    Args:
        made_by: the engine, and what else tells how it was made, in a few words.
        terms: licences of all that went into it.
    """
    sentences = [f"Made with Greenroom, {made_by}"]
    if terms.licence:
        sentences.append(f"licence: {terms.licence}")
    if terms.restriction:
        sentences.append(terms.restriction)
    return {"title": title, "comment": ". ".join(sentences)}
