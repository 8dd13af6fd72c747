"""OpenAI: the shapes of its answers."""

from gateway.demo.openai import Completion, embeddings, error, models
from gateway.demo.requests import EmbeddingRequest

COMPLETION = Completion("chatcmpl-1", 1_700_000_000, "m", prompt=5, spoken=2, finish_reason="stop")


def test_a_whole_completion() -> None:
    assert COMPLETION.whole("Hello there") == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello there", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
    }


def test_chunks_share_their_head_and_only_the_last_has_usage() -> None:
    chunk = COMPLETION.chunk({"content": "Hello"})
    last = COMPLETION.usage_chunk()
    assert chunk["object"] == last["object"] == "chat.completion.chunk"
    assert chunk["id"] == last["id"] == "chatcmpl-1"
    assert chunk["choices"] == [{"index": 0, "delta": {"content": "Hello"}, "logprobs": None, "finish_reason": None}]
    assert "usage" not in chunk
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 7


def test_embeddings_come_in_the_order_of_the_inputs() -> None:
    answer = embeddings(EmbeddingRequest("m", ("a cat", "two dogs here"), 16, "float"))
    assert [item["index"] for item in answer["data"]] == [0, 1]
    assert [len(item["embedding"]) for item in answer["data"]] == [16, 16]
    assert answer["usage"] == {"prompt_tokens": 5, "total_tokens": 5}


def test_errors_say_whose_they_are() -> None:
    assert error("no", 400, "query")["error"] == {
        "message": "no", "type": "invalid_request_error", "param": "query", "code": None,
    }  # fmt: skip
    assert error("oh", 503)["error"]["type"] == "server_error"


def test_models_are_listed() -> None:
    assert [model["id"] for model in models()["data"]] == ["ragfront-demo", "ragfront-demo-embedding"]
