-- The same question with a new X-Request-Id each time. arguments: METHOD BODY
local n = 0
function init(arguments)
  local method, body = arguments[1], arguments[2]
  local bytes = wrk.format(method, nil, {["Content-Type"] = "application/json", ["X-Request-Id"] = "@@@@"}, body)
  local at = bytes:find("@@@@", 1, true)
  local before, after = bytes:sub(1, at - 1), bytes:sub(at + 4)
  local seed = os.time() % 100000
  request = function() n = n + 1; return before .. "req-" .. seed .. "-" .. n .. after end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "errors": %d, "p50": %.1f, "p99": %.1f}\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
