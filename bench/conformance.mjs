// The two ends of the public suite http-cache-tests, each on 127.0.0.1 only.
//
//   node conformance.mjs PACKAGE origin PORT     the origin server that the tests configure
//   node conformance.mjs PACKAGE ask URL         run all tests against a cache; JSON on standard output
//
// PACKAGE: the folder in which the package lies. Its own commands listen on every interface, and tell results
// without what kind of test each was.

import http from 'node:http'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [home, what, where] = process.argv.slice(2)
const part = async name => import(pathToFileURL(path.join(home, name)))

async function origin (port) {
  const handlers = {}
  for (const name of ['config', 'test', 'state']) {
    handlers[name] = (await part(`server/handle-${name}.mjs`)).default
  }
  http.createServer((request, response) => {
    const [dispatch, ...rest] = new URL(request.url, 'http://localhost').pathname.slice(1).split('/')
    if (dispatch in handlers) return handlers[dispatch](rest, request, response)
    response.writeHead(404).end()
  }).listen(port, '127.0.0.1')
}

async function ask (base) {
  const { runTests, getResults } = await part('client/runner.mjs')
  const suites = [...(await part('tests/index.mjs')).default, (await part('tests/surrogate-control.mjs')).default]
  const fetch = createRequire(path.join(home, 'cli.mjs'))('node-fetch')
  await runTests(suites, fetch, false, base)
  const results = getResults()
  const told = suites.flatMap(suite => suite.tests.filter(test => test.id in results).map(test => ({
    id: test.id,
    group: suite.name,
    name: test.name,
    kind: test.kind || 'required',
    needs: test.depends_on || [],
    result: results[test.id]
  })))
  process.stdout.write(JSON.stringify(told))
}

await (what === 'origin' ? origin(Number(where)) : ask(where))
