from tests.capabilities.voiceover.conftest import hearts, narrator, open_narrator, site, studio

__all__ = ["hearts", "narrator", "open_narrator", "site", "studio"]
