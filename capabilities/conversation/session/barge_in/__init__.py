"""Deciding what a sound of the person is while a reply is being heard."""
