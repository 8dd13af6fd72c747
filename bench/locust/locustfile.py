"""What Locust does: users who ask /rag, twice a second on average or, where answers take longer, one after the other.

Told by the environment: BENCH_EXPONENT of the questions' Zipf distribution, BENCH_SETTLE seconds from the start until
counting begins, BENCH_SECONDS of counting. Prints BEGIN and END around what is counted, and then RESULT with figures.
"""

import json
import os
import random
import sys
import time

import gevent
from locust import FastHttpUser, events, task

from bench.locust.questions import RANKS, stream

SETTLE, SECONDS = float(os.environ["BENCH_SETTLE"]), float(os.environ["BENCH_SECONDS"])
PER_USER = 2  # questions/s
questions = stream(float(os.environ["BENCH_EXPONENT"]), seed=1)
phases = random.Random(2)


class Asked:
    """Which questions were asked before; how many since counting began, and how many of those were repeats."""

    known = bytearray(RANKS)
    total = repeated = 0


class Asker(FastHttpUser):
    connection_timeout = network_timeout = 30.0
    _due = 0.0

    def on_start(self) -> None:
        gevent.sleep(phases.uniform(0, 1 / PER_USER))  # Locust starts users by the second
        self._due = time.monotonic()

    def wait_time(self) -> float:
        """As constant_throughput(PER_USER) on average, and at once where the last answer came late.

        Its equal distances would keep those together for good who were answered at one moment: Locust's own queue,
        some 40 ms, was all that could be seen of hits.
        """
        now = time.monotonic()
        self._due = max(now, self._due + phases.uniform(0.5, 1.5) / PER_USER)
        return self._due - now

    @task
    def ask(self) -> None:
        rank = next(questions)
        Asked.total += 1
        Asked.repeated += Asked.known[rank]
        Asked.known[rank] = 1
        query = f"question {rank:07d}"
        with self.client.post("/rag", json={"query": query, "top_k": 3}, catch_response=True) as response:
            if response.status_code == 200 and query not in response.text:
                response.failure("the answer to another question")


def _say(line: str) -> None:
    print(line, flush=True)


def _count(environment) -> None:  # type: ignore[no-untyped-def]
    gevent.sleep(SETTLE)
    environment.stats.reset_all()
    Asked.total = Asked.repeated = 0
    cpu, began = time.process_time(), time.monotonic()
    _say("BEGIN")
    gevent.sleep(SECONDS)
    took, spent = time.monotonic() - began, time.process_time() - cpu
    total = environment.stats.total
    figures = {
        "seconds": took,
        "requests": total.num_requests,
        "errors": total.num_failures,
        "p50_ms": total.get_response_time_percentile(0.50),
        "p99_ms": total.get_response_time_percentile(0.99),
        "repeat_share": Asked.repeated / max(Asked.total, 1),
        "locust_core_share": spent / took,
        "kinds_of_errors": {str(error.error): error.occurrences for error in environment.stats.errors.values()},
    }
    _say("END")
    _say("RESULT " + json.dumps(figures))
    environment.runner.quit()


@events.test_start.add_listener
def _start(environment, **_) -> None:  # type: ignore[no-untyped-def]
    if not environment.host:
        sys.exit("bench: Locust needs --host")
    gevent.spawn(_count, environment)
