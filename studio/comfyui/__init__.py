"""ComfyUI as a backend: a client that survives what the server does, the server's own process, and what it has installed."""
