"""`/v1/realtime`: OpenAI's Realtime API in its GA shapes, over the studio's own conversations.

Shapes, order and codes follow https://platform.openai.com/docs/api-reference/realtime-client-events and -server-events.
"""
