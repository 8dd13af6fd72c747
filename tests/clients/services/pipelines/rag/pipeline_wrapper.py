"""A pipeline of Hayhooks that answers without a model. Each call's answer has a number, so that a hit is seen."""

import itertools
from collections.abc import Iterator

from hayhooks import BasePipelineWrapper

calls = itertools.count(1)


class PipelineWrapper(BasePipelineWrapper):
    def setup(self) -> None:
        self.pipeline = None

    def run_api(self, question: str) -> dict:
        return {"answer": f"answer {next(calls)} to {question}", "documents": [{"id": "d9", "content": "x"}]}

    def run_chat_completion(self, model: str, messages: list[dict], body: dict) -> str | Iterator[str]:
        text = f"answer {next(calls)} to {messages[-1]['content']}"
        return (word + " " for word in text.split()) if body.get("stream") else text
