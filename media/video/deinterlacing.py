"""Deinterlacing of broadcasts and of DV and HDV tapes, whose frames contain two fields of alternating lines.

Frames of a file that is not interlaced are unchanged. The others go through libavfilter's bwdif: the lines of one field are kept,
and those of the other are interpolated, from the frames before and after where nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from av.error import BlockingIOError as NotYet
from av.error import EOFError as AllGiven
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream


def deinterlaced(frames: Iterable[VideoFrame], stream: VideoStream) -> Iterator[VideoFrame]:
    """Yield decoded frames of one stream in order, as many as there were, with their times; of two fields one is kept."""
    graph: Graph | None = None
    taken: tuple[int, int, str] | None = None
    for frame in frames:
        kind = (frame.width, frame.height, frame.format.name)
        if graph is not None and taken != kind:
            yield from _rest(graph)
            graph = None
        if graph is None and frame.interlaced_frame:
            graph, taken = _graph(frame, stream), kind
        if graph is None:
            yield frame
            continue
        graph.push(frame)
        yield from _ready(graph)
    if graph is not None:
        yield from _rest(graph)


def _graph(frame: VideoFrame, stream: VideoStream) -> Graph:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or stream.time_base
    )
    whole, sink = graph.add("bwdif", "mode=send_frame:deint=interlaced"), graph.add("buffersink")
    source.link_to(whole)
    whole.link_to(sink)
    graph.configure()
    return graph


def _ready(graph: Graph) -> Iterator[VideoFrame]:
    while True:
        try:
            frame = graph.pull()
        except (NotYet, AllGiven):
            return
        if isinstance(frame, VideoFrame):
            yield frame


def _rest(graph: Graph) -> Iterator[VideoFrame]:
    graph.push(None)
    yield from _ready(graph)
