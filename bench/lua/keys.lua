-- One of many questions, at random, with a new X-Request-Id each time. arguments: HOW_MANY, and `zipf` where the
-- n-th question is asked 1/n times as often as the first; else all are asked alike
local n = 0
function init(arguments)
  local count, skewed = tonumber(arguments[1]), arguments[2] == "zipf"
  math.randomseed(os.time())
  local headers = {["Content-Type"] = "application/json", ["X-Request-Id"] = "@@@@"}
  local bytes = wrk.format("POST", nil, headers, '{"query": "question #########", "top_k": 3}')
  local at = bytes:find("@@@@", 1, true)
  local number = bytes:find("#########", 1, true)
  local before, between, after = bytes:sub(1, at - 1), bytes:sub(at + 4, number - 1), bytes:sub(number + 9)
  local seed = os.time() % 100000
  request = function()
    n = n + 1
    local key = skewed and math.floor(count ^ math.random()) - 1 or math.random(0, count - 1)
    return before .. "req-" .. seed .. "-" .. n .. between .. string.format("%09d", key) .. after
  end
end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "errors": %d, "p50": %.1f, "p99": %.1f}\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
