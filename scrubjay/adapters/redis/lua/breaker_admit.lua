-- May this call be made? Closed (no `opened_us`): yes. Open: not before `until_ms`. Then as many at once as `limit` says.
-- Whose call was the last to open it has others go first: for half of the pause he is told to wait on.
-- KEYS breaker, calls; ARGV call, call_ms, rest_ms (to wait while there is no room), owner (empty: not known)
-- Returns { 1, the opening that the call is made under or '' } or { 0, wait_ms, reason, whether calls are let through }
-- with _clock
local breaker, calls = KEYS[1], KEYS[2]
local call, call_ms, rest_ms, owner = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local row = redis.call('HMGET', breaker, 'opened_us', 'until_ms', 'limit', 'reason', 'opened_by', 'pause_ms')
if not row[1] then return { 1, '' } end
local now_ms = look().monotonic_ms
local left_ms = tonumber(row[2]) - now_ms
if left_ms > 0 then return { 0, left_ms, row[4], 0 } end
if row[5] and row[5] == owner and left_ms + row[6] / 2 > 0 then
  return { 0, math.ceil(left_ms + row[6] / 2), row[4], 1 }
end
-- A call whose process died gives its place up by itself.
redis.call('ZREMRANGEBYSCORE', calls, '-inf', now_ms)
if redis.call('ZCARD', calls) >= tonumber(row[3]) then return { 0, tonumber(rest_ms), row[4], 1 } end
redis.call('ZADD', calls, now_ms + call_ms, call)
redis.call('PEXPIRE', calls, call_ms)
return { 1, row[1] }
