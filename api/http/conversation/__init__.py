"""The line between a page and a conversation with a language model."""
