"""`make bench-cost`: what remembering costs in model calls and characters, beside the mem0ai package.

LoCoMo conversations are replayed through the scripted model server, which finds the same facts for everybody: every
sentence of the user's that says "I" or "my" and asks nothing. One turn is what speaker_a says (as the user) and what
speaker_b answers (as the assistant), texts only, with the date of its session. mem0ai has no queue and takes no date:
it gets each turn in an `add` of its own, and once more 8 turns in one `add`, as a caller would do who collects them.

"Before content" is what a question costs when there is nothing to ask about: instructions, schema, empty template. All
else is content: the turns with names and dates, and what is shown beside them (known memories, earlier messages). The
server bills a token for four characters, and none for a schema.

The table is also written to `build/bench-cost.json`. The exit status is 1 when a promise is not held.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.bench.cost import ours, report, theirs
from tests.bench.cost.conversations import Conversation, read, turns_of
from tests.bench.cost.figures import Replay, limits
from tests.model_server.control import ModelServer
from tests.model_server.control import running as model_server

BURSTS = (1, 8)
DIMENSION = 256


def options() -> argparse.Namespace:
    """What the command line says."""
    description, _, more = (__doc__ or "").partition("\n\n")
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.cost",
        description=description,
        epilog=more,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    data = Path("../shared/data/locomo5.json.gz")
    parser.add_argument("--data", type=Path, default=data, help="a LoCoMo file, gzipped JSON (%(default)s)")
    parser.add_argument("--conversations", type=int, default=2, help="how many of it to replay (%(default)s)")
    parser.add_argument("--turns", type=int, help="at most so many turns in all (every turn)")
    parser.add_argument(
        "--embedder",
        choices=("openai", "local"),
        default="openai",
        help="who embeds for Scrubjay: the scripted server, as for mem0ai, or the machine (%(default)s)",
    )
    parser.add_argument("--no-mem0", action="store_true", help="measure Scrubjay alone")
    parser.add_argument(
        "--mem0-python",
        type=Path,
        help=f"a Python that has mem0ai already (otherwise mem0ai {theirs.VERSION} is installed for this run)",
    )
    return parser.parse_args()


def progress_bar() -> Progress:
    """On stderr, so that the table can be piped."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True))


def measure(arguments: argparse.Namespace, conversations: Sequence[Conversation], data: Path) -> list[Replay]:
    """Every replay, one after the other on one scripted server."""
    turns = turns_of(conversations)
    with model_server(dimension=DIMENSION) as model, progress_bar() as progress:
        task = progress.add_task("Scrubjay", total=len(BURSTS) * turns)
        tick = partial(progress.advance, task)
        replays = ours.replays(
            conversations, model, data / "scrubjay", bursts=BURSTS, embedder=arguments.embedder, tick=tick
        )
        if not arguments.no_mem0:
            replays += beside(arguments.mem0_python, conversations, model, data, progress)
    return replays


def beside(
    python: Path | None, conversations: Sequence[Conversation], model: ModelServer, data: Path, progress: Progress
) -> list[Replay]:
    """mem0ai's replays, installed for them if need be."""
    task = progress.add_task("mem0ai", total=len(BURSTS) * turns_of(conversations))
    if python is None:
        progress.update(task, description="mem0ai (installing)")
        python = theirs.install(data / "venv")
        progress.update(task, description="mem0ai")
    package = theirs.Theirs(python, model, DIMENSION)
    replays = []
    for burst in BURSTS:
        place = data / f"mem0-{burst}"
        place.mkdir()
        replays.append(package.replay(conversations, burst, place, partial(progress.advance, task)))
    return replays


def main() -> int:
    """Measure, print and write; 1 when a promise is not held."""
    arguments, console = options(), Console()
    conversations = read(arguments.data, arguments.conversations, arguments.turns)
    with tempfile.TemporaryDirectory(prefix="scrubjay-cost-") as data:
        replays = measure(arguments, conversations, Path(data))
    promised = limits(replays[0], replays[1])
    how = {
        "conversations": {conversation.name: len(conversation.turns) for conversation in conversations},
        "scrubjay_embedder": arguments.embedder,
        "dimension": DIMENSION,
    }
    report.show(replays, promised, console)
    console.print(f"written to {report.write(replays, promised, how)}")
    return 0 if all(limit.is_held for limit in promised) else 1


if __name__ == "__main__":
    sys.exit(main())
