"""LangServe with a runnable that answers without a model. Each call's answer has a number, so that a hit is seen."""

import itertools
import sys
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from langchain_core.runnables import RunnableGenerator, RunnableLambda
from langserve import add_routes

calls = itertools.count(1)


def answer(question: str) -> str:
    return f"answer {next(calls)} to {question}"


async def tokens(questions: AsyncIterator[str]) -> AsyncIterator[str]:
    async for question in questions:
        for word in answer(question).split():
            yield word


app = FastAPI()
add_routes(app, RunnableLambda(answer).with_types(input_type=str, output_type=str), path="/rag")
add_routes(app, RunnableGenerator(tokens).with_types(input_type=str, output_type=str), path="/words")

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
