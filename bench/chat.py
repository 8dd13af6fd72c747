"""A service in OpenAI's shape: answers POST /v1/chat/completions with one chat.completion, and counts its calls.

`GET /-/calls` tells how many there have been, and is none.
"""

import asyncio
import json
import random
import sys

import uvloop

from bench.answering import TEXT, answer
from bench.service import Service

MODEL = "bench"


def completion(size: int) -> bytes:
    """A chat.completion of `size` bytes."""
    message = {"role": "assistant", "content": ""}
    whole = {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 20, "completion_tokens": 250, "total_tokens": 270},
    }
    wanted = max(0, size - len(json.dumps(whole)))
    message["content"] = " ".join(random.Random(1).choices(TEXT.split(), k=wanted))[:wanted]
    return json.dumps(whole).encode()


async def main(port: int, size: int) -> None:
    reply = answer(completion(size))
    server = await asyncio.get_running_loop().create_server(
        lambda: Service(reply, 0.0), "127.0.0.1", port, backlog=4096
    )
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))
