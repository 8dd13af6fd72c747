"""OpenAI's chat, embeddings and responses, and Ollama's chat, in their shapes and without a model.

Not the real services: those cannot be had. It is their clients that are real. Each answer has a number.
"""

import itertools
import json
import sys
from collections.abc import Iterator
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse

calls = itertools.count(1)
app = FastAPI()


def sse(events: Iterator[dict[str, Any]], *, done: bool = True) -> StreamingResponse:
    def lines() -> Iterator[str]:
        for event in events:
            name = f"event: {event['type']}\n" if "type" in event else ""
            yield f"{name}data: {json.dumps(event)}\n\n"
        if done:
            yield "data: [DONE]\n\n"

    return StreamingResponse(lines(), media_type="text/event-stream")


@app.post("/v1/chat/completions")
async def chat(request: Request) -> Any:
    body = await request.json()
    text = f"answer {next(calls)} to {body['messages'][-1]['content']}"
    head = {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
    if not body.get("stream"):
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        return JSONResponse(
            {**head, "object": "chat.completion", "choices": [choice]}, headers={"x-request-id": f"req_{next(calls)}"}
        )

    def chunks() -> Iterator[dict[str, Any]]:
        for word in text.split():
            delta = {"role": "assistant", "content": word + " "}
            yield {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
        last = {"index": 0, "delta": {}, "finish_reason": "stop"}
        yield {**head, "object": "chat.completion.chunk", "choices": [last]}

    return sse(chunks())


@app.post("/v1/embeddings")
async def embeddings(request: Request) -> Any:
    body = await request.json()
    data = [{"object": "embedding", "index": 0, "embedding": "AACAPwAAAEA="}]  # 1.0, 2.0 in base64
    if body.get("encoding_format") != "base64":
        data[0]["embedding"] = [1.0, 2.0 + next(calls)]  # type: ignore[assignment]
    return {"object": "list", "model": body["model"], "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}


@app.post("/v1/responses")
async def responses(request: Request) -> Any:
    body = await request.json()
    text = f"answer {next(calls)} to {body['input']}"
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}
    whole = {
        "id": "resp_1", "object": "response", "created_at": 1, "status": "completed", "error": None,
        "incomplete_details": None, "model": body["model"], "output": [message], "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [], "metadata": {}, "instructions": None, "temperature": 1.0, "top_p": 1.0,
    }  # fmt: skip
    if not body.get("stream"):
        return whole
    delta = {"item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": text, "logprobs": []}
    events = [
        {
            "type": "response.created",
            "sequence_number": 0,
            "response": {**whole, "status": "in_progress", "output": []},
        },
        {"type": "response.output_text.delta", "sequence_number": 1, **delta},
        {"type": "response.completed", "sequence_number": 2, "response": whole},
    ]
    return sse(iter(events), done=False)


@app.post("/api/chat")
async def ollama(request: Request) -> Any:
    body = await request.json()
    text = f"answer {next(calls)} to {body['messages'][-1]['content']}"
    head = {"model": body["model"], "created_at": "2024-01-01T00:00:00Z"}
    last = {**head, "done": True, "done_reason": "stop", "total_duration": 1}
    if body.get("stream") is False:
        return {**last, "message": {"role": "assistant", "content": text}}
    pieces = [{**head, "message": {"role": "assistant", "content": w + " "}, "done": False} for w in text.split()]
    pieces.append({**last, "message": {"role": "assistant", "content": ""}})
    return StreamingResponse((json.dumps(p) + "\n" for p in pieces), media_type="application/x-ndjson")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
