"""The tags inside a file, for people who have only the file."""

from __future__ import annotations

from studio.licences import LicenceTerms


def video_tags(title: str, made_by: str, terms: LicenceTerms) -> dict[str, str]:
    """Return title and comment of a video.

    Args:
        made_by: the engine, and a few words on how it was made.
        terms: licences of everything that was used.
    """
    sentences = [f"Made with Greenroom, {made_by}"]
    if terms.licence:
        sentences.append(f"licence: {terms.licence}")
    if terms.restriction:
        sentences.append(terms.restriction)
    return {"title": title, "comment": ". ".join(sentences)}
