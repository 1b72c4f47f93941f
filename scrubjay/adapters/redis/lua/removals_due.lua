-- The next removals that are due to be repeated: whoever takes them has so long, then others take them.
-- KEYS removals; ARGV how many at most, claim_ms
-- with _clock
local now_ms = look().monotonic_ms
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now_ms, 'LIMIT', 0, ARGV[1])
if #due > 0 then redis.call('DEL', 'sj:nothing') end -- so that the rest can be written when Redis is full, too
for _, removal in ipairs(due) do redis.call('ZADD', KEYS[1], now_ms + ARGV[2], removal) end
return due
