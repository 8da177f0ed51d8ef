"""The server that bench.studio.kills ends again and again: a whole studio without its page, led by lines of JSON.

    python -m bench.studio.kill_server DATA

Each line read is a job, {"kind": …, "spec": …}, or {"retry": id}; each line written the new job's id, or
{"refused": …}. The first line says it is open.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from capabilities.registry import all_capabilities
from studio.errors import GreenroomError
from studio.services import Services
from studio.settings import load_settings


def main(data: Path) -> int:
    studio = Services.open(load_settings(data={"folder": data}, environments={"install_on_gpu": False}), all_capabilities)
    say({"open": True})
    try:
        for line in sys.stdin:
            given = json.loads(line)
            try:
                again = given.get("retry")
                job = studio.jobs.retry(again) if again else studio.jobs.submit(given["kind"], given["spec"])
                say({"id": job.id})
            except GreenroomError as error:
                say({"refused": str(error)})
    finally:
        studio.close()
    return 0


def say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
