"""Programs that the doctor runs inside a model environment."""
