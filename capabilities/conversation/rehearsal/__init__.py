"""Rehearsal: the studio speaks all parts of a narration but one, and follows the person who speaks that one."""
