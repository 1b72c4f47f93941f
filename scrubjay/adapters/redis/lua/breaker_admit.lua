-- May this call be made? Closed (no `opened_us`): yes. Open: not before `until_ms`. Then as many at once as `limit` says.
-- Whose call was the last to open it has others go first: for half of the pause he is told to wait on.
-- KEYS breaker, calls; ARGV call, call_ms, rest_ms (to wait while there is no room), owner (empty: not known)
-- Returns { 1, the opening that the call is made under or '' } or { 0, wait_ms, reason, whether calls are let through }
-- with _clock
local row = redis.call('HMGET', KEYS[1], 'opened_us', 'until_ms', 'limit', 'reason', 'opened_by', 'pause_ms')
if not row[1] then return { 1, '' } end
local now_ms = look().monotonic_ms
local left_ms = tonumber(row[2]) - now_ms
if left_ms > 0 then return { 0, left_ms, row[4], 0 } end
if row[5] and row[5] == ARGV[4] and left_ms + row[6] / 2 > 0 then
  return { 0, math.ceil(left_ms + row[6] / 2), row[4], 1 }
end
-- A call whose process died gives its place up by itself.
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now_ms)
if redis.call('ZCARD', KEYS[2]) >= tonumber(row[3]) then return { 0, tonumber(ARGV[3]), row[4], 1 } end
redis.call('ZADD', KEYS[2], now_ms + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return { 1, row[1] }
