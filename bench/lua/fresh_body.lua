-- A question never asked before, each time. arguments: none
local n = 0
function init(arguments)
  local seed = os.time() % 1000000 * 1000 + math.random(0, 999)
  request = function()
    n = n + 1
    local body = '{"query": "question ' .. seed .. " " .. n .. '", "top_k": 3}'
    return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
  end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "errors": %d, "p50": %.1f, "p99": %.1f}\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
