"""An embedding service in OpenAI's shape that serves one call at a time: so long for each call, and for each item.

`GET /-/calls` tells how many calls there have been, `GET /-/items` how many items.
"""

import asyncio
import base64
import hashlib
import json
import sys

import uvloop

from bench.answering import Answering, answer

_DIMENSIONS = 1536


def vector(text: str) -> str:
    """Base64, as the SDKs ask for it: 8 KiB that are the text's own."""
    return base64.b64encode(hashlib.shake_128(text.encode()).digest(_DIMENSIONS * 4)).decode()


class Embedding(Answering):
    """One connection. per_call, per_item: seconds."""

    calls = items = 0
    free_at = 0.0

    def __init__(self, per_call: float, per_item: float) -> None:
        super().__init__(b"")
        self._per_call, self._per_item = per_call, per_item
        self._loop = asyncio.get_running_loop()

    def answer(self, request: bytes) -> None:
        """`request` is whole."""
        if request.startswith(b"GET /-/"):
            told = Embedding.calls if request.startswith(b"GET /-/calls") else Embedding.items
            self._transport.write(answer(b"%d" % told))
            return
        asked = json.loads(request.partition(b"\r\n\r\n")[2])["input"]
        texts = [asked] if isinstance(asked, str) else asked
        Embedding.calls += 1
        Embedding.items += len(texts)
        data = [{"object": "embedding", "index": i, "embedding": vector(text)} for i, text in enumerate(texts)]
        took = sum(len(text.split()) for text in texts)
        usage = {"prompt_tokens": took, "total_tokens": took}
        body = json.dumps({"object": "list", "data": data, "model": "m", "usage": usage}).encode()
        begins = max(Embedding.free_at, self._loop.time())
        Embedding.free_at = begins + self._per_call + self._per_item * len(texts)
        self._loop.call_at(Embedding.free_at, self._transport.write, answer(body))


async def main(port: int, per_call: float, per_item: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Embedding(per_call, per_item), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])))
