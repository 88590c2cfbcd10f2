-- Replays prepared raw HTTP/1.1 requests in turn (the file that BENCH_REQUESTS names, each request ended by the byte 30), then prints one line of JSON.
local requests = {}
local file = assert(io.open(os.getenv("BENCH_REQUESTS"), "rb"))
for one in string.gmatch(file:read("*a"), "(.-)\30") do requests[#requests + 1] = one end
file:close()
local turn = 0
request = function()
  turn = turn % #requests + 1
  return requests[turn]
end
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format(
    'BENCH{"requests":%d,"microseconds":%d,"p50":%d,"p99":%d,"not_2xx":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), e.status,
    e.connect + e.read + e.write + e.timeout))
end
