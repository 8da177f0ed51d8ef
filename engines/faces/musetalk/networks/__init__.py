"""MuseTalk 1.5's networks through the classes of diffusers and transformers. Imported in a worker only."""
