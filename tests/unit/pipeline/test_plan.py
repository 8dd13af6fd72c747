"""Plan: routes compiled, and where everything else goes."""

from gateway.model.settings.file import Settings
from gateway.pipeline.plan import Plan
from gateway.policy.document import parse
from gateway.upstream.fetch import Upstream
from tests.support.policy import request
from tests.support.talk import Calls


async def plan(**more: object) -> Plan:
    settings = Settings.model_validate(
        {
            "upstreams": {"a": {"urls": ["http://a"]}, "b": {"urls": ["http://b"]}},
            "routes": [
                {"name": "off", "upstream": "a", "match": {"path": "/off"}, "cache": {"mode": "off"}},
                {"name": "ask", "upstream": "b", "match": {"body": [{"pointer": "/q", "exists": True}]}},
            ],
            **more,
        }
    )
    made = Plan(settings, {name: Upstream(name, s, Calls()) for name, s in settings.upstreams.items()})
    for upstream in made.upstreams.values():
        await upstream.close()
    return made


async def test_what_no_route_takes_goes_to_the_first_upstream_or_the_one_named():
    assert (await plan()).default.name == "a"
    assert (await plan(default_upstream="b")).default.name == "b"


async def test_a_rule_brings_its_routes_upstream():
    made = await plan()
    rule = made.match(request(target=b"/x"), parse(b'{"q": 1}'))
    assert rule is not None
    assert (rule.route.name, rule.upstream.name) == ("ask", "b")
    assert made.match(request(target=b"/x"), parse(b"{}")) is None
    assert made.match(request(target=b"/x"), None) is None


async def test_how_much_of_a_body_is_needed():
    made = await plan()
    assert made.needs_body(request(target=b"/off")) == 0
    assert made.needs_body(request(target=b"/x")) == made.settings.routes[1].key.max_body


async def test_our_name_follows_from_where_we_forward_to():
    assert (await plan()).forwarding.ident == (await plan(default_upstream="b")).forwarding.ident
    other = await plan(upstreams={"a": {"urls": ["http://other"]}, "b": {"urls": ["http://b"]}})
    assert other.forwarding.ident != (await plan()).forwarding.ident
