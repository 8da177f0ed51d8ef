"""ComfyUI as a backend: a client that handles every failure of the server, the server's own process, and its inventory."""
