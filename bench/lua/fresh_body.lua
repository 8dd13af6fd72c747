-- A question never asked before, each time. arguments: none, or a BODY in which @@@@ stands for the question
local n = 0
function init(arguments)
  local template = arguments[1] or '{"query": "@@@@", "top_k": 3}'
  local at = template:find("@@@@", 1, true)
  local before, after = template:sub(1, at - 1), template:sub(at + 4)
  local seed = os.time() % 1000000 * 1000 + math.random(0, 999)
  request = function()
    n = n + 1
    local body = before .. "question " .. seed .. " " .. n .. after
    return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body)
  end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "errors": %d, "p50": %.1f, "p99": %.1f}\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
