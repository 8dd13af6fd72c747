"""Question: what was found out about a request is used once."""

from gateway.cache.tiers import Said
from gateway.pipeline.question import Question
from tests.support.pipeline import rigged


async def test_what_the_store_has_told_is_taken_once():
    async with rigged("http://127.0.0.1:1") as rig:
        said = Said(None, None, 0)
        question = Question(rig.pipeline.plan, None, None, said={b"key": said})
        assert question.take_said() == {b"key": said}
        assert question.take_said() == {}
