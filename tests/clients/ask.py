"""One question by a real client, in the clients' venv: ask.py WHAT URL -> the answer's text, and nothing else."""

import sys
from collections.abc import Callable

what, url = sys.argv[1:]


def openai_client():
    from openai import OpenAI

    return OpenAI(base_url=f"{url}/v1", api_key="sk-1", max_retries=0)


def openai_chat() -> str:
    messages = [{"role": "user", "content": "Hi"}]
    return openai_client().chat.completions.create(model="rag", messages=messages).choices[0].message.content


def openai_chat_stream() -> str:
    messages = [{"role": "user", "content": "Hi"}]
    chunks = openai_client().chat.completions.create(model="rag", messages=messages, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)


def openai_embeddings() -> str:
    return str(openai_client().embeddings.create(model="e", input=["a"], encoding_format="float").data[0].embedding)


def openai_responses() -> str:
    return openai_client().responses.create(model="m", input="Hi").output_text


def openai_responses_stream() -> str:
    events = openai_client().responses.create(model="m", input="Hi", stream=True)
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


def langserve_invoke() -> str:
    from langserve import RemoteRunnable

    return RemoteRunnable(f"{url}/rag").invoke("Hi")


def langserve_stream() -> str:
    from langserve import RemoteRunnable

    return " ".join(RemoteRunnable(f"{url}/words").stream("Hi"))


def hayhooks_run() -> str:
    import httpx

    return httpx.post(f"{url}/rag/run", json={"question": "Hi"}).raise_for_status().json()["result"]["answer"]


def ollama_chat() -> str:
    import ollama

    return ollama.Client(url).chat("m", [{"role": "user", "content": "Hi"}]).message.content


def ollama_chat_stream() -> str:
    import ollama

    pieces = ollama.Client(url).chat("m", [{"role": "user", "content": "Hi"}], stream=True)
    return "".join(piece.message.content for piece in pieces)


ask: Callable[[], str] = globals()[what]
print(ask())
