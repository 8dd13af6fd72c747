-- The same request bytes every time. arguments: METHOD BODY
local function report(summary, latency)
  local e = summary.errors
  io.write(string.format('RESULT {"requests": %d, "errors": %d, "p50": %.1f, "p99": %.1f}\n', summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
function init(arguments)
  local headers = {["Content-Type"] = "application/json"}
  local bytes = wrk.format(arguments[1], nil, headers, arguments[2])
  request = function() return bytes end
end
function done(summary, latency) report(summary, latency) end
