"""The built-in swap: a portrait's face onto the faces of a video, on any CPU without a download, in basic quality.

It exchanges features; the shape of the head and the inner mouth remain those of the clip. Own method; the models that find faces,
and the topology of the mesh, are MediaPipe's (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engines.analysis.mesh_files import HAND_FILE, PALM_FILE, PERSON_FILE, TOPOLOGY_FILE, mesh_readiness, require_mesh
from engines.contract import Card, Engine, EngineKind, EngineOptions, EnginePaths, Licence, Readiness, Tier, option
from engines.contract.faces import RenderedPart
from engines.contract.swap import SwapRequest

if TYPE_CHECKING:
    from engines.analysis.hands import HandFinder
    from engines.analysis.landmarks import LandmarkProvider
    from engines.analysis.person_mask import PersonMask
    from engines.swap.basic.mesh import Topology

_FILES = (TOPOLOGY_FILE, PERSON_FILE, PALM_FILE, HAND_FILE)

APACHE = Licence("Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0")


class BasicSwapOptions(EngineOptions):
    """Options of the built-in swap."""

    strength: float = option(
        1.0, "Strength", "How much of the portrait shows; less lets the clip's own face through.", common=True, ge=0.2, le=1,
        multiple_of=0.05,
    )  # fmt: skip
    light: float = option(
        0.85, "Light of the clip", "How closely light and shade of the clip are followed; at 0 only its overall tone.",
        common=True, ge=0, le=1, multiple_of=0.05,
    )  # fmt: skip
    edge: float = option(
        0.1, "Soft edge", "Width of the soft border, in widths of the face.", ge=0.04, le=0.2, multiple_of=0.01
    )  # fmt: skip


class BasicFaceSwap(Engine):
    """Swap engine for the faces of one or several people."""

    card = Card(
        id="basic-face-swap",
        title="Basic face swap",
        capability=EngineKind.SWAP,
        summary="Puts a portrait's features onto the faces of a video. Basic and quick, on any CPU, with nothing downloaded.",
        version="2",
        code_licence=APACHE,
        weights_licence=APACHE,
        tier=Tier.LIGHT,
        memory_gib=0.4,
        stall_seconds=120.0,
        reload_seconds=0.8,
    )
    Options = BasicSwapOptions
    options: BasicSwapOptions

    _landmarks: LandmarkProvider
    _topology: Topology
    _people: PersonMask
    _hands: HandFinder

    @classmethod
    def readiness(cls, site: EnginePaths) -> Readiness:
        return mesh_readiness(site, *_FILES)

    def load(self) -> None:
        """Load the face mesh.

        Raises:
            EngineNotReady: its files are missing.
        """
        require_mesh(self.site, *_FILES)
        import cv2

        from engines.analysis.face_mesh import FaceMesh
        from engines.analysis.hands import HandFinder
        from engines.analysis.person_mask import PersonMask
        from engines.swap.basic.mesh import read_topology

        cv2.setNumThreads(1)
        self._landmarks = FaceMesh(self.site.assets)
        self._topology = read_topology(self.site.assets)
        self._people = PersonMask(self.site.assets)
        self._hands = HandFinder(self.site.assets)

    def swap(self, request: SwapRequest) -> Iterator[RenderedPart]:
        """Put the reference's face onto the people of the driving video.

        Raises:
            EngineError, MediaError: no face in one of them, a profile, or a file that cannot be read.
        """
        from engines.swap.basic.pipeline import swapped_parts

        yield from swapped_parts(request, self._landmarks, self._topology, self._people, self._hands, self.options, self.run)
