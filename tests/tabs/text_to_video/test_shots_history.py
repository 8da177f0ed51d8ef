"""The shot table's steps back and forward."""

from __future__ import annotations

from tabs.text_to_video.shots_history import remembered, stepped

ONE, TWO, THREE = [["a boat", "", None, ""]], [["a ship", "", None, ""]], [["a ship", "", 3, ""]]


def test_every_change_can_be_taken_back_and_made_again() -> None:
    history = None
    for rows in (ONE, TWO, THREE, THREE):
        history = remembered(history, rows)
    back = stepped(history, back=True)
    assert back is not None and back["now"] == TWO
    assert remembered(back, TWO) == back, "the table that was given back is no change"
    first = stepped(back, back=True)
    assert first is not None and first["now"] == ONE and stepped(first, back=True) is None
    forward = stepped(first, back=False)
    assert forward is not None and forward["now"] == TWO
    changed = remembered(forward, ONE)
    assert stepped(changed, back=False) is None, "what is typed anew has no future"
    again = stepped(changed, back=True)
    assert again is not None and again["now"] == TWO


def test_memory_has_an_end() -> None:
    history = None
    for number in range(200):
        history = remembered(history, [[f"shot {number}", "", None, ""]])
    assert history is not None and len(history["past"]) == 60
